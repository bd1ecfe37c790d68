/** Machines that are named one by one. */
import { reportOf } from '../lib/view';

/** The most that an address has room for. */
export const MOST_NAMED = 50;

/** The view of some machines, by their ids. */
export function viewOf(ids: Iterable<string>): string {
  const names = [...ids].map((id) => (/^[\w-]+$/.test(id) ? `=${id}` : `=${JSON.stringify(id)}`));
  return reportOf({ q: `id:${names.join(',')}` });
}
