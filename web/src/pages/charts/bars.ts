/** What the charts are drawn from. */
import type { Ages, Count, MemorySizes } from '../../api/client';
import { asChoice, type Filters, reportOf } from '../../lib/view';
import type { Bar } from '../../parts/Bars.svelte';
import { p, t } from '../../text/index.svelte';

export type ValueName = 'os' | 'os_version' | 'model' | 'agent_version';

/** Each value links to its machines, among those of the filters. */
export function valueBars(name: ValueName, values: Count[], filters: Partial<Filters> = {}): Bar[] {
  return values.map(({ value, count }) => ({
    label: value || t().notSaid,
    count,
    href: reportOf({ ...filters, [name]: [asChoice(value)] }),
    rest: !value,
  }));
}

/** The most frequent values; the others as one bar, and last those that say nothing. */
export function topBars(
  name: ValueName,
  values: Count[],
  top: number,
  filters: Partial<Filters> = {},
): Bar[] {
  const said = values.filter(({ value }) => value);
  const bars = valueBars(name, said.slice(0, top), filters);
  const others = said.slice(top);
  if (others.length > 0) {
    const count = others.reduce((sum, other) => sum + other.count, 0);
    bars.push({ label: p().others, count, note: p().charts.othersNote(others.length), rest: true });
  }
  const unsaid = values.filter(({ value }) => !value);
  return [...bars, ...valueBars(name, unsaid, filters)];
}

/** Ranges from the real dates, and the machines that are in none. */
export function ageBars(ages: Ages, filters: Partial<Filters> = {}): Bar[] {
  const bar = (name: string, age: string, count: number, rest = false): Bar => ({
    label: p().charts.ranges[name] ?? name,
    count,
    href: reportOf({ ...filters, age }),
    rest,
  });
  const ranges = ages.ranges.map(({ from_months: from, to_months: to, count }) => {
    if (to === null) return bar(`${from}-`, `>${from}mo`, count);
    return bar(`${from}-${to}`, from === 0 ? `<${to}mo` : `${from}mo..${to}mo`, count);
  });
  const outside = [
    ...(ages.unknown > 0 ? [bar('none', 'none', ages.unknown, true)] : []),
    ...(ages.future > 0 ? [bar('future', 'future', ages.future, true)] : []),
  ];
  return [...ranges, ...outside];
}

/** Memory as computers are sold, beside what else is searched for. */
export function memoryBars(memory: MemorySizes, filters: Partial<Filters> = {}): Bar[] {
  const href = (q: string) => reportOf({ ...filters, q: [filters.q, q].filter(Boolean).join(' ') });
  const ranges = memory.ranges.map(({ from_gb: from, to_gb: to, count, q }) => ({
    label: p().charts.memoryRange(from, to),
    count,
    href: href(q),
  }));
  const { unknown: count } = memory;
  const unknown = { label: t().notSaid, count, href: href('no:memory'), rest: true };
  return count > 0 ? [...ranges, unknown] : ranges;
}

/** How many values the charts name: the original's `top`. */
export function readTop(text: string | null): number {
  const top = /^\s*[+-]?\d+\s*$/.test(text ?? '') ? Number(text) : 8;
  return Math.min(50, Math.max(1, top));
}
