/** The address is the state: pages read it, links and `go` change it. */
import { tick } from 'svelte';

const state = $state({ path: location.pathname, search: location.search });

export const path = () => state.path;
export const search = () => state.search;

/** Paths of the dashboard; others are loaded from the server. */
const OURS = /^\/(?:|dashboard|report\/?|charts\/?|machines\/[^/]+|settings(?:\/\w*)?|login)$/;

const place = () => ({ y: scrollY, ...(history.state as object | null) });

interface Step {
  /** Without a step for Back, as while typing. */
  replace?: boolean;
}

export function go(href: string, { replace = false }: Step = {}): void {
  const url = new URL(href, location.href);
  if (url.pathname + url.search === location.pathname + location.search) return;
  const moved = url.pathname !== location.pathname;
  if (!replace) history.replaceState({ ...place(), y: scrollY }, '');
  history[replace ? 'replaceState' : 'pushState'](null, '', url);
  void arrive().then((there) => {
    if (!there || !moved) return;
    scrollTo(0, 0);
    void focusPage();
  });
}

/** Whoever listens to the page instead of looking at it hears where they are. */
async function focusPage(): Promise<void> {
  await tick();
  document.getElementById('main')?.focus({ preventScroll: true });
}

/** Pages read the address of their own only: the last one stays until the next can be shown. */
async function arrive(): Promise<boolean> {
  const { href, pathname, search } = location;
  const loading = prepare(pathname);
  if (loading && !(await loading)) return false;
  if (location.href !== href) return false;
  lasts.set(state.path, state.path + state.search);
  state.path = pathname;
  state.search = search;
  return true;
}

/** The address that a page had last, for a way back to it. */
export const lastOf = (page: string) => lasts.get(page) ?? page;
const lasts = new Map<string, string>();

/** Makes ready what shows a path: null when it is, else whether it came. */
let prepare: (path: string) => Promise<boolean> | null = () => null;

/** Keeps something for this step of the history: a place in a list, say. */
export function keepHere(value: Record<string, unknown>): void {
  history.replaceState({ ...(history.state as object | null), ...value }, '');
}

export const keptHere = (name: string): unknown =>
  (history.state as Record<string, unknown> | null)?.[name];

function follow(event: MouseEvent): void {
  const modified = event.ctrlKey || event.metaKey || event.shiftKey || event.altKey;
  if (event.defaultPrevented || event.button !== 0 || modified) return;
  const link = (event.target as Element | null)?.closest?.('a');
  if (!link || link.target || link.hasAttribute('download')) return;
  const url = new URL(link.href, location.href);
  if (url.origin !== location.origin || !OURS.test(url.pathname) || url.hash) return;
  event.preventDefault();
  go(url.pathname + url.search);
}

/** Back to where the page was scrolled, once it is long enough again. */
function restore(y: number): void {
  const until = performance.now() + 1500;
  const step = () => {
    scrollTo(0, y);
    if (Math.abs(scrollY - y) > 2 && performance.now() < until) requestAnimationFrame(step);
  };
  step();
}

export function startRouter(makeReady: typeof prepare): void {
  prepare = makeReady;
  history.scrollRestoration = 'manual';
  document.addEventListener('click', follow);
  addEventListener('popstate', () => {
    void arrive().then((there) => there && restore(Number(keptHere('y')) || 0));
  });
  addEventListener('pagehide', () => keepHere({ y: scrollY }));
  const y = Number(keptHere('y'));
  if (y) restore(y);
}
