// The inventory: reading it from the server, and everything that is counted over it.

const DAY = 86_400_000;
const MONTH_DAYS = 30.42;

export const STATUSES = ['online', 'late', 'offline', 'missing', 'manual'];
export const AGES = ['0-12', '12-36', '36-60', '60-120', '120-'];
export const SORTS = ['hostname', 'os', 'os_version', 'created_at', 'updated_at', 'computer_activation'];
const NEWEST_FIRST = new Set(['created_at', 'updated_at']);

/** Natural order: case does not matter, digits count by value (pc-2 before pc-10). */
const { compare } = new Intl.Collator('pt-BR', { numeric: true, sensitivity: 'accent' });

/** Why the inventory could not be read: `network`, `login`, `status` or `format`. */
export class ReadError extends Error {
  constructor(kind, code) {
    super(kind);
    this.kind = kind;
    this.code = code;
  }
}

/** Asks the server for the inventory. Gives `previous` back when nothing has changed since. */
export async function read(previous) {
  let answer, body;
  try {
    answer = await fetch('/api/machines', {
      headers: { Accept: 'application/json' },
      cache: 'no-cache', // ask again each time; the browser turns a 304 into the stored answer
      signal: AbortSignal.timeout(60_000),
    });
  } catch {
    throw new ReadError('network');
  }
  if (answer.status === 401 || answer.status === 403) throw new ReadError('login');
  if (!answer.ok) throw new ReadError('status', answer.status);
  const etag = answer.headers.get('etag');
  const served = Date.parse(answer.headers.get('date'));
  const skew = Number.isFinite(served) ? served - Date.now() : 0;
  if (etag && previous?.etag === etag) return { ...previous, skew, at: Date.now() };
  try {
    body = await answer.json();
  } catch {
    throw new ReadError('format');
  }
  if (!Array.isArray(body?.items)) throw new ReadError('format');
  return { machines: prepare(body.items, Date.now() + skew), etag, skew, at: Date.now() };
}

/** Adds what is looked at again and again: instants, age, the name's place, the bucket names. */
function prepare(items, now) {
  const machines = items.map((item) => {
    const machine = { ...item, status: STATUSES.includes(item.status) ? item.status : 'manual' };
    machine.hostname = String(item.hostname ?? '').trim();
    machine.osName = String(item.os ?? '').trim() || '-';
    machine.versionName = String(item.os_version ?? '').trim() || '-';
    machine.seen_at = item.updated_at ?? (machine.status === 'manual' ? null : item.created_at);
    machine.created = instant(item.created_at);
    machine.seen = instant(machine.seen_at);
    machine.activated = instant(item.computer_activation);
    return machine;
  });
  const today = serverDay(machines, now);
  for (const machine of machines) {
    const day = calendarDay(machine.computer_activation);
    machine.months = day === null ? null : (today - day) / MONTH_DAYS;
    machine.range = ageRange(machine.months);
  }
  machines.sort(
    (a, b) => compareNames(a.hostname, b.hostname) || (a.machine_id < b.machine_id ? -1 : 1),
  );
  machines.forEach((machine, place) => (machine.place = place));
  return machines;
}

function compareNames(a, b) {
  if (!a || !b) return a === b ? 0 : a ? -1 : 1; // machines without a name come last
  return compare(a, b);
}

function instant(written) {
  const ms = Date.parse(written ?? '');
  return Number.isFinite(ms) ? ms : null;
}

function calendarDay(written) {
  const m = /^(\d{4})-(\d\d)-(\d\d)/.exec(written ?? '');
  return m ? Date.UTC(m[1], m[2] - 1, m[3]) / DAY : null;
}

/** Today where the server is: its offset stands at the end of every time it writes. */
function serverDay(machines, now) {
  let latest = null;
  for (const machine of machines) {
    if (machine.seen !== null && (latest === null || machine.seen > latest.seen)) latest = machine;
  }
  const m = /([+-])(\d\d):(\d\d)$/.exec(latest?.seen_at ?? '');
  const offset = m ? (m[1] === '-' ? -1 : 1) * (m[2] * 60 + +m[3]) : 0;
  return Math.floor((now + offset * 60_000) / DAY);
}

function ageRange(months) {
  if (months === null) return 'none';
  if (months < 0) return 'future';
  return AGES.find((range) => {
    const upper = range.split('-')[1];
    return upper === '' || months < Number(upper);
  });
}

/** The query of the address bar, with only what we understand in it. */
export function parseQuery(search) {
  const get = (name) => (search.get(name) ?? '').trim();
  const sort = get('sort').toLowerCase();
  const known = SORTS.includes(sort) ? sort : 'hostname';
  const dir = get('dir').toLowerCase();
  const age = get('age');
  const status = get('status').toLowerCase();
  const fresh = count(get('new'), 1, 3650);
  return {
    q: get('q'),
    status: STATUSES.includes(status) ? status : '',
    os: get('os'),
    os_version: get('os_version'),
    age: AGES.includes(age) || age === 'none' || age === 'future' ? age : '',
    fresh,
    sort: known,
    dir: dir === 'asc' || dir === 'desc' ? dir : naturalDir(known),
    page: count(get('page'), 1, 1_000_000) ?? 1,
  };
}

/** The direction a first click on the column gives: the latest times are what people look for. */
export const naturalDir = (sort) => (NEWEST_FIRST.has(sort) ? 'desc' : 'asc');

/** How many bars: 1 to 50, 8 when it is not a number. */
export const parseTop = (search) => count(search.get('top') ?? '', 1, 50) ?? 8;

function count(written, least, most) {
  if (!/^\s*[+-]?\d+\s*$/.test(written)) return null;
  return Math.min(most, Math.max(least, Number(written)));
}

const plain = (words) => words.normalize('NFD').replace(/[\u0300-\u036f]/g, '').toLowerCase();

function searchable(machine) {
  machine.haystack ??= plain(
    [machine.hostname, machine.ip, machine.os, machine.os_version, machine.computer_model, machine.machine_id]
      .filter(Boolean)
      .join('\n'),
  );
  return machine.haystack;
}

/** The machines that the query asks for; `but` names filters to leave out (for their own counts). */
export function select(fleet, query, ...but) {
  const on = (name) => query[name] && !but.includes(name);
  const tests = [];
  if (on('status')) tests.push((m) => m.status === query.status);
  if (on('os')) tests.push((m) => same(m.osName, query.os));
  if (on('os_version')) tests.push((m) => same(m.versionName, query.os_version));
  if (on('age')) tests.push((m) => m.range === query.age);
  if (on('fresh')) {
    const since = now(fleet) - query.fresh * DAY;
    tests.push((m) => m.created >= since);
  }
  if (on('q')) {
    const words = plain(query.q).split(/\s+/);
    tests.push((m) => words.every((word) => searchable(m).includes(word)));
  }
  return fleet.machines.filter((machine) => tests.every((test) => test(machine)));
}

const same = (a, b) => a === b || a.toLowerCase() === b.toLowerCase();

/** Sorts in place. What is empty comes last in both directions, ties go by name. */
export function order(machines, sort, dir) {
  const sign = dir === 'desc' ? -1 : 1;
  const key = {
    hostname: (m) => (m.hostname ? m.place : null),
    os: ranked(machines, 'osName'),
    os_version: ranked(machines, 'versionName'),
    created_at: (m) => m.created,
    updated_at: (m) => m.seen,
    computer_activation: (m) => m.activated,
  }[sort];
  return machines.sort((a, b) => {
    const [x, y] = [key(a), key(b)];
    if (x === null || y === null) return (x === null) - (y === null) || a.place - b.place;
    return sign * (x - y) || a.place - b.place;
  });
}

/** Few names, many machines: the names are compared once, the machines by number. */
function ranked(machines, field) {
  const names = [...new Set(machines.map((m) => m[field]))].filter((name) => name !== '-').sort(compare);
  const ranks = new Map(names.map((name, rank) => [name, rank]));
  return (machine) => ranks.get(machine[field]) ?? null;
}

/** `[name, number]` pairs of a field, the largest first. */
export function tally(machines, field) {
  const sums = new Map();
  for (const machine of machines) sums.set(machine[field], (sums.get(machine[field]) ?? 0) + 1);
  return [...sums].sort((a, b) => b[1] - a[1] || compare(a[0], b[0]));
}

/** Mean, median and extremes of the ages in months, over machines with a date that has come. */
export function ageStatistics(machines) {
  const ages = machines.map((m) => m.months).filter((m) => m !== null && m >= 0).sort((a, b) => a - b);
  if (!ages.length) return null;
  const middle = ages.length / 2;
  return {
    mean: ages.reduce((sum, age) => sum + age, 0) / ages.length,
    median: (ages[Math.floor(middle)] + ages[Math.ceil(middle) - 1]) / 2,
    oldest: ages[ages.length - 1],
    newest: ages[0],
  };
}

/** The server's clock, which decides every "ago". */
export const now = (fleet) => Date.now() + fleet.skew;
