/** Who is at this browser, and what the server lets them do. */
import { getSession, type Session } from '../api/client';

let state = $state.raw<Session | null>(null);

/** null until the server has said it. */
export const session = () => state;
/** Whether this person may change machines. */
export const mayChange = () => state?.mode === 'off' || state?.user?.role === 'admin';

/** Asks the server; without an answer nothing is known, and the pages say why. */
export async function loadSession(): Promise<void> {
  try {
    state = await getSession();
  } catch {
    state = null;
  }
}

const ENTRIES = ['/login', '/setup'];

/** Where to go first: whoever may not read logs in. */
export function entrance(): string | null {
  if (!state || state.may_read || ENTRIES.includes(location.pathname)) return null;
  return `/login?next=${encodeURIComponent(location.pathname + location.search)}`;
}

/** The page of this server that a login was asked for. */
export function asked(search: string): string {
  const next = new URLSearchParams(search).get('next') ?? '/';
  return /^\/(?![/\\])/.test(next) && !ENTRIES.some((entry) => next.startsWith(entry)) ? next : '/';
}
