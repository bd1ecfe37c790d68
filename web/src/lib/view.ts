/** What the address says about the machines to show. The original's `?sort=&dir=` still works. */

export const SORTS = [
  'hostname',
  'os',
  'os_version',
  'created_at',
  'updated_at',
  'computer_activation',
] as const;
export type Sort = (typeof SORTS)[number];

export const COLUMNS = [
  'hostname',
  'status',
  'os',
  'os_version',
  'ip',
  'computer_model',
  'serial',
  'tags',
  'site',
  'building',
  'room',
  'owner',
  'asset_number',
  'lifecycle',
  'cpu',
  'memory',
  'computer_activation',
  'activation_days',
  'created_at',
  'updated_at',
  'agent_version',
  'proof',
  'machine_id',
] as const;
export type Column = (typeof COLUMNS)[number];

/** Filters that take several values, and those that take one. */
export const CHOICES = [
  'status',
  'os',
  'os_version',
  'model',
  'tag',
  'lifecycle',
  'site',
  'owner',
  'agent_version',
  'ip',
] as const;
/** Those whose values are of a fixed set, in any case and parted by commas. */
const KINDS: readonly Choice[] = ['status', 'lifecycle'];
export const RANGES = ['age', 'seen', 'created'] as const;
export type Choice = (typeof CHOICES)[number];
export type Range = (typeof RANGES)[number];

export type Filters = { q: string } & Record<Choice, string[]> & Record<Range, string>;

export interface View extends Filters {
  sort: Sort;
  dir: 'asc' | 'desc';
  /** The columns that someone chose; null: as many as there is room for. */
  cols: Column[] | null;
  dense: boolean;
  /** Whether the filters stand beside the table. */
  side: boolean;
  /** Every row, for paper. */
  print: boolean;
}

const isOneOf = <T extends string>(all: readonly T[], text: string): text is T =>
  (all as readonly string[]).includes(text);

export function readFilters(search: string): Filters {
  const params = new URLSearchParams(search);
  const all = (name: string) => [
    ...new Set(
      params
        .getAll(name)
        .map((value) => value.trim())
        .filter(Boolean),
    ),
  ];
  const kinds = (name: string) => [
    ...new Set(all(name).flatMap((list) => list.toLowerCase().split(','))),
  ];
  const choices = CHOICES.map((name) => [name, KINDS.includes(name) ? kinds(name) : all(name)]);
  const last = (name: string) => params.getAll(name).at(-1)?.trim() ?? '';
  return {
    q: params.getAll('q').join(' ').trim(),
    ...(Object.fromEntries(choices) as Record<Choice, string[]>),
    age: last('age'),
    seen: last('seen'),
    created: last('created'),
  };
}

export function readView(search: string): View {
  const params = new URLSearchParams(search);
  const word = (name: string) => params.get(name)?.trim().toLowerCase() ?? '';
  const sort = word('sort');
  const cols = word('cols')
    .split(',')
    .filter((name) => isOneOf(COLUMNS, name));
  return {
    ...readFilters(search),
    sort: isOneOf(SORTS, sort) ? sort : 'hostname',
    dir: word('dir') === 'desc' ? 'desc' : 'asc',
    cols: cols.length > 0 ? COLUMNS.filter((column) => cols.includes(column)) : null,
    dense: word('density') === 'compact',
    side: word('side') !== '0',
    print: word('print') === '1',
  };
}

function addFilters(params: URLSearchParams, filters: Filters): void {
  if (filters.q) params.set('q', filters.q);
  for (const name of CHOICES) {
    for (const value of filters[name]) params.append(name, value);
  }
  for (const name of RANGES) {
    if (filters[name]) params.set(name, filters[name]);
  }
}

/** The filters alone, for the API and for links to other pages. */
export function filterQuery(filters: Filters): string {
  const params = new URLSearchParams();
  addFilters(params, filters);
  return params.toString();
}

/** Filters and order, for the API. */
export function listQuery(view: View): string {
  const params = new URLSearchParams();
  addFilters(params, view);
  params.set('sort', view.sort);
  params.set('dir', view.dir);
  return params.toString();
}

/** The address of a view; what is as usual is left out. */
export function viewHref(view: View): string {
  const params = new URLSearchParams();
  addFilters(params, view);
  if (view.sort !== 'hostname' || view.dir !== 'asc') {
    params.set('sort', view.sort);
    params.set('dir', view.dir);
  }
  if (view.cols) params.set('cols', view.cols.join(','));
  if (view.dense) params.set('density', 'compact');
  if (!view.side) params.set('side', '0');
  if (view.print) params.set('print', '1');
  return hrefOf('/report', params.toString());
}

export const hrefOf = (path: string, query: string) => (query ? `${path}?${query}` : path);

/** The report of the machines that have a value, among those of some filters. */
export function reportOf(filters: Partial<Filters>): string {
  return hrefOf('/report', filterQuery({ ...NO_FILTERS, ...filters }));
}

export const NO_FILTERS: Filters = readFilters('');

/** What a URL calls a value; text that is empty cannot be said there. */
export const asChoice = (value: string) => value || '-';

export const sameChoice = (a: string, b: string) => a.toLowerCase() === b.toLowerCase();

export function toggled(values: string[], value: string): string[] {
  const others = values.filter((other) => !sameChoice(other, value));
  return others.length < values.length ? others : [...values, value];
}

export function countFilters(filters: Filters): number {
  const choices = CHOICES.reduce((sum, name) => sum + filters[name].length, 0);
  const ranges = RANGES.filter((name) => filters[name]).length;
  return choices + ranges + (filters.q ? 1 : 0);
}
