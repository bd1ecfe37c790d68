// `/report`: the table. Everything that decides what is in it stands in the address.
import { el } from './dom.js';
import { STATUSES, naturalDir, now, order, parseQuery, select, tally } from './fleet.js';
import * as format from './format.js';
import { foreign, report, shape, time } from './parts.js';
import { text } from './text.js';

const PAGE = 100;
const PAPER = 2000; // rows on paper: more would keep the browser busy for long
const t = text.report;

const COLUMNS = [
  { id: 'status', cell: (m) => [shape(m.status), el('span', null, text.status[m.status])] },
  { id: 'hostname', sort: true, cell: (m) => foreign(m.hostname || text.noName), title: (m) => `${m.hostname}\n${m.machine_id}` },
  { id: 'os', sort: true, cell: (m) => foreign(m.osName), title: (m) => m.osName },
  { id: 'os_version', sort: true, cell: (m) => foreign(m.versionName), title: (m) => m.versionName },
  { id: 'ip', cell: (m) => (m.ip && m.ip !== '0.0.0.0' ? foreign(m.ip) : none()), title: (m) => m.ip },
  { id: 'computer_model', cell: (m) => (m.computer_model ? foreign(m.computer_model) : none()), title: (m) => m.computer_model },
  { id: 'cpu', number: true, cell: (m) => (m.status === 'manual' ? none() : format.cpu(m.cpu_percent) || none()) },
  { id: 'memory', number: true, cell: memory },
  { id: 'computer_activation', number: true, sort: true, label: true, cell: (m) => format.date(m.computer_activation) || none() },
  { id: 'created_at', number: true, sort: true, cell: (m, at) => time(m.created_at, at) },
  { id: 'updated_at', number: true, sort: true, cell: (m, at) => time(m.seen_at, at) },
];

const none = () => el('span', { class: 'none' }, text.none);

function memory(machine) {
  if (!machine.memory_total_mb) return none();
  return t.memory(format.gib(machine.memory_used_mb ?? 0), format.gib(machine.memory_total_mb));
}

export function title(fleet, url) {
  const query = parseQuery(url.searchParams);
  return t.page(words(query).map(([, word]) => word), select(fleet, query).length);
}

/** The filters that are on, each as `[name in the address, what a person calls it]`. */
function words(query) {
  return [
    ['status', query.status && text.statuses[query.status].toLowerCase()],
    ['os', query.os],
    ['os_version', query.os_version],
    ['age', query.age && text.charts.ranges[query.age].toLowerCase()],
    ['new', query.fresh && t.fresh(query.fresh)],
    ['q', query.q && t.search_(query.q)],
  ].filter(([, word]) => word);
}

/** The address of this view with some of it changed. Defaults are left out, and the page starts over. */
function address(query, change) {
  const next = { ...query, page: 1, ...change };
  const sorted = next.sort !== 'hostname' || next.dir !== 'asc';
  return report({
    q: next.q,
    status: next.status,
    os: next.os,
    os_version: next.os_version,
    age: next.age,
    new: next.fresh,
    sort: sorted && next.sort,
    dir: sorted && next.dir,
    page: next.page > 1 && next.page,
  });
}

export function view(fleet, url, { paper } = {}) {
  const query = parseQuery(url.searchParams);
  const found = order(select(fleet, query), query.sort, query.dir);
  const pages = Math.max(1, Math.ceil(found.length / PAGE));
  const page = Math.min(query.page, pages);
  const first = paper ? 0 : (page - 1) * PAGE;
  const shown = found.slice(first, first + (paper ? PAPER : PAGE));
  return [
    el('div', { class: 'heading' },
      el('h1', null, t.heading),
      el('p', { class: 'count' }, t.count(found.length, fleet.machines.length)),
      el('p', { class: 'count paper' }, words(query).map(([, word]) => word).join(', ')),
      states(fleet, query)),
    filters(fleet, query),
    found.length
      ? table(shown, first, found.length, query, now(fleet))
      : el('div', { class: 'nothing' }, el('p', null, t.nothing),
          words(query).length > 0 && el('p', null, el('a', { href: '/report', class: 'button' }, t.clear))),
    paper && found.length > PAPER && el('p', null, t.paper(PAPER, found.length)),
    pages > 1 && !paper && pager(query, page, pages, first, shown.length, found.length),
  ];
}

function states(fleet, query) {
  const by = new Map(tally(select(fleet, query, 'status'), 'status'));
  const all = [...by.values()].reduce((sum, n) => sum + n, 0);
  const chip = (status, label) => {
    const count = status ? (by.get(status) ?? 0) : all;
    return el('a', { href: address(query, { status }), 'aria-current': query.status === status && 'true' },
      status && shape(status), label, el('span', { class: 'value' }, format.number(count)));
  };
  const shown = STATUSES.filter((s) => s !== 'manual' || by.get(s) || query.status === s);
  return el('nav', { class: 'chips', 'aria-label': t.columns.status },
    chip('', t.allStatuses), shown.map((status) => chip(status, text.statuses[status])));
}

function filters(fleet, query) {
  const removable = words(query).filter(([name]) => name === 'age' || name === 'new');
  const hidden = (name, value) => value && el('input', { type: 'hidden', name, value });
  const sorted = query.sort !== 'hostname' || query.dir !== 'asc';
  return el('form', { class: 'filters', role: 'search', action: '/report', method: 'get', 'aria-label': t.filters },
    el('input', { type: 'search', name: 'q', value: query.q, placeholder: t.searchHint, 'aria-label': t.search, autocomplete: 'off', spellcheck: 'false' }),
    choice('os', t.columns.os, t.allOs, select(fleet, query, 'os', 'os_version'), 'osName', query.os),
    choice('os_version', t.columns.os_version, t.allVersions, select(fleet, query, 'os_version'), 'versionName', query.os_version),
    removable.map(([name, word]) => el('a', {
      class: 'tag', href: address(query, { [name === 'new' ? 'fresh' : name]: '' }), 'aria-label': t.remove(word),
    }, word, el('span', { 'aria-hidden': 'true' }, '×'))),
    words(query).length > 0 && el('a', { class: 'clear', href: address({ sort: query.sort, dir: query.dir }) }, t.clear),
    hidden('status', query.status),
    hidden('age', query.age),
    hidden('new', query.fresh),
    sorted && hidden('sort', query.sort),
    sorted && hidden('dir', query.dir));
}

function choice(name, label, all, machines, field, value) {
  const rows = tally(machines, field);
  const matched = rows.find(([row]) => row.toLowerCase() === value.toLowerCase());
  if (value && !matched) rows.unshift([value, 0]);
  const selected = matched?.[0] ?? value;
  return el('select', { name, 'aria-label': label, class: value && 'on', 'data-value': selected },
    el('option', { value: '' }, all),
    rows.map(([row, count]) =>
      el('option', { value: row, selected: row === selected }, `${row} (${format.number(count)})`)));
}

function table(shown, first, total, query, at) {
  const heads = COLUMNS.map((column) => {
    const label = t.columns[column.id];
    const active = query.sort === column.id;
    const kind = column.number ? `${column.id} n` : column.id;
    if (!column.sort) return el('th', { scope: 'col', role: 'columnheader', class: kind, title: t.help[column.id] }, label);
    const dir = active ? (query.dir === 'asc' ? 'desc' : 'asc') : naturalDir(column.id);
    return el('th', {
      scope: 'col', role: 'columnheader', class: kind,
      'aria-sort': active ? (query.dir === 'asc' ? 'ascending' : 'descending') : 'none',
    }, el('button', { type: 'button', title: t.help[column.id], 'data-go': address(query, { sort: column.id, dir }) },
      label, el('svg', { class: active ? query.dir : 'idle', viewBox: '0 0 8 8', width: 8, height: 8, 'aria-hidden': 'true' },
        el('path', { d: 'M4 1 7.5 6.5h-7z' }))));
  });
  return el('table', { class: 'machines', role: 'table', 'aria-rowcount': total + 1 },
    el('caption', { class: 'hidden' }, t.page(words(query).map(([, word]) => word), total)),
    el('thead', { role: 'rowgroup' },
      el('tr', { role: 'row', 'aria-rowindex': 1 }, heads)),
    el('tbody', { role: 'rowgroup' }, shown.map((machine, i) =>
      el('tr', { role: 'row', 'aria-rowindex': first + i + 2, class: machine.status },
        COLUMNS.map((column) => el(column.id === 'hostname' ? 'th' : 'td', {
          role: column.id === 'hostname' ? 'rowheader' : 'cell',
          scope: column.id === 'hostname' && 'row',
          class: column.number ? `${column.id} n` : column.id,
          title: column.title?.(machine) || null,
          'data-label': column.label && machine[column.id] && t.columns[column.id],
        }, column.cell(machine, at)))))));
}

function pager(query, page, pages, first, shown, total) {
  const step = (to, label, rel) =>
    to >= 1 && to <= pages
      ? el('a', { class: 'button', href: address(query, { page: to }), rel }, label)
      : el('span', { class: 'button off' }, label);
  return el('nav', { class: 'pager', 'aria-label': t.pages },
    step(page - 1, t.previous, 'prev'),
    el('span', { class: 'count' }, t.range(first + 1, first + shown, total)),
    step(page + 1, t.next, 'next'));
}
