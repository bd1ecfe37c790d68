// `/`: how many machines, in what state, with what on them, and which are new.
import { el } from './dom.js';
import { now, select, tally } from './fleet.js';
import * as format from './format.js';
import { ages, bars, card, foreign, osRows, report, shape, time, versionRows } from './parts.js';
import { text } from './text.js';

const VERSIONS_AT_ONCE = 12;
const ARRIVALS = 10;

export function title({ machines }) {
  if (!machines.length) return text.home.pageEmpty;
  return text.home.page(machines.length, machines.filter((m) => m.status === 'online').length);
}

export function view(fleet) {
  const { machines } = fleet;
  if (!machines.length) return empty();
  return [
    el('h1', null, text.home.heading),
    tiles(fleet),
    el('div', { class: 'columns' },
      el('div', null,
        card('os', text.charts.os, bars(osRows(machines), machines.length)),
        card('ages', text.charts.ages, ages(machines))),
      versions(machines),
      arrivals(fleet)),
  ];
}

function tiles(fleet) {
  const { machines } = fleet;
  const by = new Map(tally(machines, 'status'));
  const tile = (label, count, href, notes, status) =>
    el('li', { class: status }, el('a', { href },
      el('span', { class: 'label' }, status && shape(status), label),
      el('span', { class: 'number' }, format.number(count)),
      notes.map((note) => el('span', { class: 'note' }, note))));
  const state = (status) => {
    const count = by.get(status) ?? 0;
    const share = format.share(count, machines.length);
    return tile(text.statuses[status], count, report({ status }), [share, text.statusHelp[status]], status);
  };
  const fresh = select(fleet, { fresh: 7 }).length;
  return el('ul', { class: 'tiles', 'aria-label': text.home.tiles },
    tile(text.home.total, machines.length, '/report', [text.home.totalNote(by.get('manual') ?? 0)]),
    ['online', 'late', 'offline', 'missing'].map(state),
    tile(text.home.fresh, fresh, report({ new: 7, sort: 'created_at' }), [format.share(fresh, machines.length), text.home.freshNote]));
}

function versions(machines) {
  const rows = versionRows(machines);
  const most = rows[0].count;
  const rest = rows.slice(VERSIONS_AT_ONCE);
  return card('versions', text.charts.versions,
    bars(rows.slice(0, VERSIONS_AT_ONCE), machines.length, most),
    rest.length > 0 && el('details', null,
      el('summary', null, text.home.allVersions(rest.length)),
      bars(rest, machines.length, most)));
}

function arrivals(fleet) {
  const latest = [...fleet.machines].sort((a, b) => b.created - a.created || a.place - b.place).slice(0, ARRIVALS);
  return card('arrivals', text.home.arrivals,
    el('ul', { class: 'list' }, latest.map((machine) =>
      el('li', null,
        el('a', { href: report({ q: machine.hostname || machine.machine_id }) },
          shape(machine.status),
          el('span', { class: 'hidden' }, `${text.status[machine.status]}: `),
          foreign(machine.hostname || text.noName, { class: 'name', title: machine.hostname })),
        el('span', { class: 'when' }, time(machine.created_at, now(fleet))),
        el('span', { class: 'what' }, foreign(machine.versionName === '-' ? machine.osName : machine.versionName))))),
    el('p', { class: 'more' }, el('a', { href: report({ sort: 'created_at', dir: 'desc' }) }, text.home.allArrivals)));
}

function empty() {
  const host = location.hostname;
  const local = host === 'localhost' || host === '[::1]' || host.startsWith('127.');
  return el('section', { class: 'empty' },
    el('img', { src: '/assets/mark.svg', alt: '', width: 96, height: 96 }),
    el('h1', null, text.empty.heading),
    el('p', null, text.empty.lead),
    el('div', { class: 'command' },
      el('pre', { id: 'command', tabindex: 0, 'aria-label': text.empty.label },
        el('code', null, `TATUSCAN_URL=${location.origin} tatuscan agent`)),
      el('button', { type: 'button', 'data-copy': 'command' }, text.empty.copy)),
    el('p', { class: 'quiet' }, text.empty.repeat[0], el('code', null, '-d'), text.empty.repeat[1]),
    local && el('p', { class: 'quiet' }, text.empty.local),
    el('p', { class: 'quiet waiting' }, text.empty.waiting));
}
