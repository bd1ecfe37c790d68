/** Which page an address shows. Each comes in a file of its own, when it is needed. */
import type { Component } from 'svelte';
import { connection } from '../lib/live.svelte';
import { loadPageWords } from '../text/index.svelte';

export type PageName =
  | 'home'
  | 'report'
  | 'charts'
  | 'machine'
  | 'software'
  | 'settings'
  | 'login'
  | 'setup'
  | 'nowhere';

export function pageOf(path: string): PageName {
  const plain = path.replace(/(?<=.)\/$/, '');
  if (plain === '/' || plain === '/dashboard') return 'home';
  if (plain === '/report') return 'report';
  if (plain === '/charts') return 'charts';
  if (plain === '/software') return 'software';
  if (/^\/settings(\/|$)/.test(plain)) return 'settings';
  if (plain === '/login') return 'login';
  if (plain === '/setup') return 'setup';
  return /^\/machines\/[^/]+$/.test(plain) ? 'machine' : 'nowhere';
}

const PAGES: Record<PageName, () => Promise<{ default: Component }>> = {
  home: () => import('./home/Home.svelte'),
  report: () => import('./report/Report.svelte'),
  charts: () => import('./charts/Charts.svelte'),
  machine: () => import('./machine/Machine.svelte'),
  software: () => import('./software/Software.svelte'),
  settings: () => import('./settings/Settings.svelte'),
  login: () => import('./entry/Login.svelte'),
  setup: () => import('./entry/Setup.svelte'),
  nowhere: () => import('./Nowhere.svelte'),
};

const loaded = new Map<PageName, Component>();

export async function loadPage(name: PageName): Promise<Component> {
  const words = name === 'report' ? null : loadPageWords();
  const page = loaded.get(name) ?? (await PAGES[name]()).default;
  await words;
  loaded.set(name, page);
  return page;
}

export const loadedPage = (name: PageName) => loaded.get(name);

/** What the router does before it shows a path. Without the server, the page comes when it is back. */
export function prepare(path: string): Promise<boolean> | null {
  const name = pageOf(path);
  if (loaded.has(name)) return null;
  const here = location.href;
  const come = async (): Promise<boolean> => {
    try {
      await loadPage(name);
      return true;
    } catch {
      connection.lost();
      await connection.back();
      if (location.href === here) location.reload();
      return false;
    }
  };
  return come();
}
