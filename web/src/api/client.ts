/** The API, typed by its document: a field that is not in openapi/tatuscan.json does not compile. */
import { setServerTime } from '../lib/clock.svelte';
import type { components, paths } from './schema';

type Schemas = components['schemas'];
export type Machine = Schemas['Machine'];
export type Summary = Schemas['Summary'];
export type Facets = Schemas['Facets'];
export type Count = Schemas['Count'];
export type Distribution = Schemas['Distribution'];
export type Ages = Schemas['Ages'];
export type MemorySizes = Schemas['MemorySizes'];
export type Concern = Schemas['Concern'];
export type MachineEdit = Schemas['MachineEdit'];
export type Session = Schemas['Session'];
export type StatusCounts = Schemas['StatusCounts'];
export type Status = keyof StatusCounts;
export type Lifecycle = Schemas['Lifecycle'];

type Reads = {
  [P in keyof paths as paths[P] extends {
    get: { responses: { 200: { content: { 'application/json': unknown } } } };
  }
    ? P
    : never]: paths[P] extends {
    get: { responses: { 200: { content: { 'application/json': infer T } } } };
  }
    ? T
    : never;
};

/** What a path of the API, without its query, answers. */
export type Answer<P extends keyof Reads> = Reads[P];

export type Reason = 'network' | 'wrong' | 'login' | 'forbidden' | 'missing' | 'status' | 'format';

/** Why there is no answer. */
export class Failure extends Error {
  constructor(
    readonly reason: Reason,
    readonly status = 0,
    /** What the server says, in English. */
    readonly detail = '',
  ) {
    super(`${reason} ${status} ${detail}`);
  }

  /** Whether asking again may help without anyone's doing. */
  get passes(): boolean {
    return this.reason === 'network' || this.status >= 500 || this.status === 429;
  }
}

const REASONS: Record<number, Reason> = {
  400: 'wrong',
  401: 'login',
  403: 'forbidden',
  404: 'missing',
};
/** Longer than the server takes for anything. */
const PATIENCE = 35_000;

export async function ask(url: string, init: RequestInit, signal?: AbortSignal): Promise<Response> {
  const signals = [AbortSignal.timeout(PATIENCE), ...(signal ? [signal] : [])];
  let response: Response;
  try {
    response = await fetch(url, { ...init, signal: AbortSignal.any(signals) });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new Failure('network');
  }
  const date = response.headers.get('Date');
  if (date) setServerTime(Date.parse(date));
  if (response.ok || response.status === 304) return response;
  const body: unknown = await response.json().catch(() => null);
  const said = body && typeof body === 'object' && 'error' in body ? String(body.error) : '';
  throw new Failure(REASONS[response.status] ?? 'status', response.status, said);
}

export async function json<T>(response: Response, signal?: AbortSignal): Promise<T> {
  try {
    return (await response.json()) as T;
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new Failure('format', response.status);
  }
}

export interface Fresh<T> {
  data: T;
  tag: string | null;
}

/** Reads; null when the answer is still the one that `tag` names. */
export async function read<T>(
  url: string,
  tag: string | null,
  signal?: AbortSignal,
): Promise<Fresh<T> | null> {
  const headers: Record<string, string> = { Accept: 'application/json' };
  if (tag) headers['If-None-Match'] = tag;
  const response = await ask(url, { headers, cache: 'no-store' }, signal);
  if (response.status === 304) return null;
  return { data: await json<T>(response, signal), tag: response.headers.get('ETag') };
}

export const machinePath = (id: string) => `/api/machines/${encodeURIComponent(id)}`;
export const machinePage = (id: string) => `/machines/${encodeURIComponent(id)}`;

/** The state of a machine, or why it has none. */
export const stateOf = ({ status, lifecycle }: Machine): Status =>
  status ?? (lifecycle === 'retired' ? 'retired' : 'manual');

/** What people say that it is, or else its firmware. */
export const modelOf = (machine: Machine) => machine.computer_model || machine.model_reported || '';

/** Who is at this browser. */
export async function getSession(): Promise<Session> {
  const response = await ask('/api/session', { cache: 'no-store' });
  return json<Session>(response);
}

export async function send<T>(method: string, path: string, body?: object): Promise<T> {
  const headers = { 'Content-Type': 'application/json', Accept: 'application/json' };
  return json<T>(await ask(path, { method, headers, body: body && JSON.stringify(body) }));
}

export const logOut = () => send<Session>('DELETE', '/api/session');
