/** Filters in words. */
import type { Lifecycle, Status } from '../../api/client';
import {
  CHOICES,
  type Choice,
  type Column,
  type Filters,
  RANGES,
  type Range,
} from '../../lib/view';
import { t } from '../../text/index.svelte';

export function rangeLabel(name: Range, value: string): string {
  return t().report.ranges[`${name} ${value}`] ?? value;
}

export function choiceLabel(name: Choice, value: string): string {
  if (name === 'status') return t().statuses[value as Status] ?? value;
  if (name === 'lifecycle') return t().lifecycles[value as Lifecycle] ?? value;
  return value === '-' ? t().notSaid : value;
}

/** What a filter is about; most are columns too. */
export const facetLabel = (name: Choice | Range): string =>
  t().report.facets[name] ?? t().report.columns[name as Column];

export interface Chip {
  /** What is filtered, and by what. */
  kind: string;
  label: string;
  /** The filters without it. */
  without: Filters;
}

export function chipsOf(filters: Filters, withWords = false): Chip[] {
  const chips: Chip[] = [];
  if (withWords && filters.q) {
    chips.push({ kind: '', label: `“${filters.q}”`, without: { ...filters, q: '' } });
  }
  for (const name of CHOICES) {
    for (const value of filters[name]) {
      const without = { ...filters, [name]: filters[name].filter((other) => other !== value) };
      chips.push({ kind: facetLabel(name), label: choiceLabel(name, value), without });
    }
  }
  for (const name of RANGES) {
    if (!filters[name]) continue;
    const label = rangeLabel(name, filters[name]);
    chips.push({ kind: facetLabel(name), label, without: { ...filters, [name]: '' } });
  }
  return chips;
}
