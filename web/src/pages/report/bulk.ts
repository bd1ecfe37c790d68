/** Changes of many machines. */
import { machinePath, send } from '../../api/client';
import type { components } from '../../api/schema';
import { filterQuery, hrefOf, type View } from '../../lib/view';
import type { Picks } from './picks.svelte';

type Schemas = components['schemas'];
export type Edit = Partial<Omit<Schemas['MachinesEdit'], 'set'>> & {
  set?: Partial<Schemas['MachineEdit']>;
};

/** The most that are removed at once. */
export const MOST_REMOVED = 500;

/** What every machine meets: the server wants to be told that all are meant. */
const ALL = 'status=online,late,offline,missing,manual,retired';

/** Changes what is selected, or only says how much would change. */
export function changeMachines(view: View, picks: Picks, edit: Edit, dryRun: boolean) {
  const ids = picks.all ? null : [...picks.ids];
  const url = hrefOf('/api/machines', ids ? '' : filterQuery(view) || ALL);
  return send<Schemas['MachinesReply']>('PATCH', url, { ...edit, ids, dry_run: dryRun });
}

/** Removes machines one after another; answers how many. */
export async function removeMachines(ids: Iterable<string>): Promise<number> {
  let removed = 0;
  for (const id of ids) {
    await send<unknown>('DELETE', machinePath(id));
    removed += 1;
  }
  return removed;
}
