// `/charts?top=8`: systems, versions and ages as bars. Every bar leads to its machines.
import { el } from './dom.js';
import { parseTop } from './fleet.js';
import { ages, bars, card, osRows, versionRows } from './parts.js';
import { text } from './text.js';

const CHOICES = [5, 8, 15, 30, 50];

export const title = ({ machines }) => text.charts.page(machines.length);

export function view({ machines }, url) {
  const top = parseTop(url.searchParams);
  const rows = versionRows(machines);
  const rest = rows.slice(top);
  const shown = rows.slice(0, top);
  const most = Math.max(1, shown[0]?.count ?? 1);
  if (rest.length) {
    shown.push({
      label: text.other,
      note: text.charts.otherNote(rest.length),
      count: rest.reduce((sum, row) => sum + row.count, 0),
      href: '/#versions',
      quiet: true,
    });
  }
  return [
    el('h1', null, text.charts.heading),
    el('div', { class: 'columns wide' },
      card('versions', text.charts.versions, chooser(top),
        bars(shown, machines.length, Math.max(most, rest.length ? shown[shown.length - 1].count : 0))),
      el('div', null,
        card('os', text.charts.os, bars(osRows(machines), machines.length)),
        card('ages', text.charts.ages, el('p', { class: 'quiet' }, text.charts.agesNote), ages(machines)))),
  ];
}

function chooser(top) {
  return el('form', { action: '/charts', method: 'get', class: 'chooser' },
    el('label', { for: 'top-n', title: text.charts.top }, text.charts.topShort),
    el('input', { id: 'top-n', name: 'top', type: 'number', min: 1, max: 50, value: top, list: 'tops' }),
    el('datalist', { id: 'tops' }, CHOICES.map((n) => el('option', { value: n }))));
}
