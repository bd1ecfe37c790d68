/** Which columns the report shows, and how wide they are. */
import { COLUMNS, type Column, SORTS, type Sort } from './view';

interface Shape {
  min: number;
  /** How much of the room that is left goes here. */
  grow: number;
  /** Numbers and times stand at the right. */
  right?: true;
}

export const SHAPES: Record<Column, Shape> = {
  hostname: { min: 172, grow: 3 },
  status: { min: 120, grow: 0 },
  os: { min: 86, grow: 1 },
  os_version: { min: 160, grow: 4 },
  ip: { min: 122, grow: 1 },
  computer_model: { min: 152, grow: 3 },
  serial: { min: 116, grow: 1 },
  tags: { min: 128, grow: 2 },
  site: { min: 116, grow: 1 },
  building: { min: 92, grow: 1 },
  room: { min: 80, grow: 1 },
  owner: { min: 128, grow: 1 },
  asset_number: { min: 104, grow: 1 },
  lifecycle: { min: 104, grow: 0 },
  cpu: { min: 72, grow: 0, right: true },
  memory: { min: 138, grow: 1, right: true },
  computer_activation: { min: 108, grow: 0, right: true },
  activation_days: { min: 108, grow: 0, right: true },
  created_at: { min: 116, grow: 0, right: true },
  updated_at: { min: 116, grow: 0, right: true },
  agent_version: { min: 88, grow: 0 },
  proof: { min: 96, grow: 0 },
  machine_id: { min: 180, grow: 2 },
};

/** What is shown as long as there is room, most wanted first. */
const WANTED: Column[] = [
  'hostname',
  'status',
  'os_version',
  'updated_at',
  'ip',
  'computer_model',
  'computer_activation',
  'os',
  'memory',
  'created_at',
  'cpu',
];

export function columnsFor(width: number): Column[] {
  let room = width;
  const fit = new Set<Column>();
  for (const column of WANTED) {
    room -= SHAPES[column].min;
    if (room < 0 && fit.size > 0) break;
    fit.add(column);
  }
  return COLUMNS.filter((column) => fit.has(column));
}

/** The width of each column; together at least as wide as their frame. */
export function widthsOf(columns: Column[], width: number): number[] {
  const least = columns.reduce((sum, column) => sum + SHAPES[column].min, 0);
  const parts = columns.reduce((sum, column) => sum + SHAPES[column].grow, 0);
  const spare = Math.max(0, width - least);
  return columns.map((column) => {
    const { min, grow } = SHAPES[column];
    return min + (parts > 0 ? (spare * grow) / parts : 0);
  });
}

export function sortOf(column: Column): Sort | null {
  return SORTS.find((sort) => sort === column) ?? null;
}
