/** What is inside a machine, as its agent says: any JSON, since agents are of many versions. */
import type { Machine } from '../../api/client';
import { f, p } from '../../text/index.svelte';

export type Sections = NonNullable<Machine['sections']>;
export type Row = Record<string, unknown>;
/** Rows with the same fields. */
export interface Table {
  name: string;
  fields: string[];
  rows: Row[];
}

const isRow = (value: unknown): value is Row =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export const labelOf = (field: string) => p().sections.fields[field] ?? field;
export const titleOf = (name: string) => p().sections.names[name] ?? name;

/** Names in the order in which we name them, which is that in which people read; then the others. */
function inOrder(names: string[], known: Record<string, string>): string[] {
  const order = Object.keys(known);
  const place = (name: string) => (order.indexOf(name) + order.length + 1) % (order.length + 1);
  return names.sort((a, b) => place(a) - place(b));
}

const isEmpty = (content: unknown) => factsOf(content).length + tablesOf(content).length === 0;

/** The sections that hold something. */
export const ordered = (sections: Sections): string[] =>
  inOrder(Object.keys(sections), p().sections.names).filter(
    (name) => !isEmpty(sections[name]?.content),
  );

/** The fields of a section that have one value each. */
export function factsOf(content: unknown): [string, string][] {
  if (!isRow(content)) return [];
  const facts = inOrder(Object.keys(content), p().sections.fields)
    .map((field) => [field, content[field]] as const)
    .filter(([, value]) => !isTable(value));
  return facts
    .map(([field, value]): [string, string] => [field, shown(field, value)])
    .filter(([, text]) => text);
}

const isTable = (value: unknown) => Array.isArray(value) && value.some(isRow);

/** The lists of a section. */
export function tablesOf(content: unknown): Table[] {
  const lists = Array.isArray(content)
    ? [['', content] as const]
    : isRow(content)
      ? Object.entries(content)
      : [];
  return lists
    .filter(([, value]) => isTable(value))
    .map(([name, value]) => {
      const rows = (value as unknown[]).filter(isRow);
      return {
        name,
        rows,
        fields: inOrder([...new Set(rows.flatMap(Object.keys))], p().sections.fields),
      };
    });
}

export const isNumeric = (field: string) =>
  /_(mb|bytes|mwh|mts|cm)$/.test(field) || ['cycles', 'year'].includes(field);

/** A value as people read it. */
export function shown(field: string, value: unknown): string {
  if (value === null || value === undefined) return '';
  if (typeof value === 'boolean') return value ? p().machine.yes : p().machine.no;
  if (Array.isArray(value)) return value.map((one) => shown(field, one)).join(', ');
  if (typeof value === 'number') return amount(field, value);
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  const isTime = /(_at|^since)$/.test(field) && !Number.isNaN(Date.parse(text));
  return isTime ? f().exact(text) : text;
}

function amount(field: string, value: number): string {
  if (field === 'year') return String(value);
  if (field.endsWith('_mb')) return f().gib(value);
  if (field.endsWith('_mwh')) return `${f().short(value / 1000)} Wh`;
  if (!field.endsWith('_bytes')) return f().number(value);
  const units = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'];
  const step = value < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(value) / 3));
  return `${f().short(value / 1000 ** step)} ${units[step]}`;
}
