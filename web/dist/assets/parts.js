// Pieces that several pages share.
import { el } from './dom.js';
import { AGES, ageStatistics, tally } from './fleet.js';
import * as format from './format.js';
import { text } from './text.js';

/** A status is a colour, a shape and a word. These are the shapes. */
const SHAPES = {
  online: 'M6 1a5 5 0 1 0 0 10A5 5 0 0 0 6 1z',
  late: 'M6 1 11.5 11H.5z',
  offline: 'M6 1a5 5 0 1 0 0 10A5 5 0 0 0 6 1zm0 2.2a2.8 2.8 0 1 1 0 5.6 2.8 2.8 0 0 1 0-5.6z',
  missing: 'M2.4 1 6 4.6 9.6 1 11 2.4 7.4 6 11 9.6 9.6 11 6 7.4 2.4 11 1 9.6 4.6 6 1 2.4z',
  manual: 'M1 4.8h10v2.4H1z',
};

export function shape(status) {
  return el('svg', { class: `shape ${status}`, viewBox: '0 0 12 12', width: 12, height: 12, 'aria-hidden': 'true' },
    el('path', { d: SHAPES[status], 'fill-rule': 'evenodd' }));
}

/** A link to the report with these filters. */
export function report(filters) {
  const query = new URLSearchParams(Object.entries(filters).filter(([, value]) => value)).toString();
  return query ? `/report?${query}` : '/report';
}

/** A moment: how long ago on the screen, exactly on hover and on paper. */
export function time(written, now) {
  if (!written) return el('span', { class: 'none' }, text.none);
  return el('time', { datetime: written, title: format.dateTime(written) },
    el('span', { class: 'screen' }, format.relative(written, now)),
    el('span', { class: 'paper' }, format.dateTime(written)));
}

/** Controls, invisible characters and those that turn the reading direction around. */
const UNSEEN = /[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g;

/** What a machine says of itself, in its own box, with a mark where it tries to deceive the eye. */
export const foreign = (words, attributes) => el('bdi', attributes, words.replace(UNSEEN, '\ufffd'));

/**
 * Bars with their label above. Each is `{label, count, href, note}`; without an address it is
 * not a link. The longest is full width; `total` is what the shares are of.
 */
export function bars(rows, total, most = Math.max(1, ...rows.map((row) => row.count))) {
  return el('ul', { class: 'bars' }, rows.map((row) => {
    const inside = [
      el('span', { class: 'label', title: row.label }, foreign(row.label), row.note && el('small', null, ` ${row.note}`)),
      el('span', { class: 'value' }, format.number(row.count)),
      el('span', { class: 'share' }, format.share(row.count, total)),
      el('svg', { class: row.quiet ? 'bar quiet' : 'bar', width: '100%', height: 6, 'aria-hidden': 'true' },
        el('rect', { class: 'track', width: '100%', height: 6, rx: 3 }),
        row.count > 0 && el('rect', { class: 'fill', width: `${Math.max(0.8, (row.count / most) * 100).toFixed(2)}%`, height: 6, rx: 3 })),
    ];
    return el('li', null, row.href ? el('a', { href: row.href }, inside) : el('div', null, inside));
  }));
}

export function card(id, heading, ...content) {
  return el('section', { class: 'card', id, 'aria-labelledby': `${id}-h` },
    el('h2', { id: `${id}-h` }, heading), ...content);
}

export const osRows = (machines) =>
  tally(machines, 'osName').map(([os, count]) => ({ label: os, count, href: report({ os }) }));

export const versionRows = (machines) =>
  tally(machines, 'versionName').map(([version, count]) => ({
    label: version,
    count,
    href: report({ os_version: version }),
  }));

/** Age statistics and ranges, with what has no usable date named beside them. */
export function ages(machines) {
  const sums = new Map(tally(machines, 'range'));
  const row = (range, quiet) => ({
    label: text.charts.ranges[range],
    count: sums.get(range) ?? 0,
    href: report({ age: range, sort: 'computer_activation' }),
    quiet,
  });
  const known = machines.length - (sums.get('none') ?? 0);
  const rest = ['none', 'future'].filter((range) => sums.get(range)).map((range) => row(range, true));
  const found = ageStatistics(machines);
  const most = Math.max(1, ...AGES.map((range) => sums.get(range) ?? 0));
  return [
    found
      ? el('dl', { class: 'facts' }, ['mean', 'median', 'oldest', 'newest'].map((key) =>
          el('div', null, el('dt', null, text.charts[key]), el('dd', null, format.months(found[key])))))
      : el('p', { class: 'quiet' }, text.charts.noAges),
    known > 0 && bars(AGES.map((range) => row(range)), machines.length, most),
    rest.length > 0 && el('ul', { class: 'plain' }, rest.map((one) =>
      el('li', null, el('a', { href: one.href }, one.label), ' ',
        el('span', { class: 'value' }, format.number(one.count))))),
  ];
}
