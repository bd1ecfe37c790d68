/** What admins ask the server to do. */
import { ask, json, type Machine, send } from '../../api/client';
import type { components } from '../../api/schema';

export type Schemas = components['schemas'];
export type Scope = Schemas['Scope'];

const at = (base: string, id: string, rest = '') => `${base}/${encodeURIComponent(id)}${rest}`;

export const addUser = (user: Schemas['NewUser']) => send<unknown>('POST', '/api/users', user);
export const changeUser = (name: string, edit: Partial<Schemas['UserEdit']>) =>
  send<unknown>('PATCH', at('/api/users', name), edit);
export const removeUser = (name: string) => send<unknown>('DELETE', at('/api/users', name));

export const createToken = (token: Partial<Schemas['NewToken']>) =>
  send<Schemas['TokenMade']>('POST', '/api/tokens', token);
export const revokeToken = (id: string) => send<unknown>('DELETE', at('/api/tokens', id));
export const endSession = (id: string) => send<unknown>('DELETE', at('/api/sessions', id));

export const approveKey = (id: string, waiting_key: string) =>
  send<unknown>('POST', at('/api/machines', id, '/key/approve'), { waiting_key });

export const mergeMachines = (order: Partial<Schemas['MergeOrder']>) =>
  send<Schemas['MergeReply']>('POST', '/api/duplicates/merge', order);
export const tellApart = (machine_ids: string[]) =>
  send<unknown>('POST', '/api/duplicates/distinct', { machine_ids });
export const forgetDistinct = (id: string) =>
  send<unknown>('DELETE', at('/api/duplicates/distinct', id));
export const unmerge = (id: string) => send<unknown>('POST', at('/api/machines', id, '/unmerge'));
export const restore = (id: string) => send<unknown>('POST', at('/api/machines', id, '/restore'));

export const addField = (field: Partial<Schemas['NewField']>) =>
  send<unknown>('POST', '/api/fields', field);
export const removeField = (key: string) =>
  send<unknown>('DELETE', `${at('/api/fields', key)}?discard_values=true`);

export async function importMachines(file: File, dryRun: boolean): Promise<Schemas['ImportReply']> {
  const headers = { 'Content-Type': 'text/csv', Accept: 'application/json' };
  const url = `/api/import/machines?dry_run=${dryRun}`;
  return json(await ask(url, { method: 'POST', headers, body: file }));
}
export const addManual = (machine: Partial<Schemas['ManualMachine']>) =>
  send<{ item: Machine }>('POST', '/api/manual-machines', machine);
