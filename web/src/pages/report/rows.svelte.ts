/** The rows of a view: pages of the list, read when they are looked at and kept fresh. */
import { Failure, type Machine } from '../../api/client';
import { poll, recall, refresh } from '../../lib/live.svelte';

export const PAGE_SIZE = 100;
const EVERY = 30_000;
/** Pages that are kept for scrolling back. */
const KEPT = 12;
/** Someone who drags the scroll bar passes many pages without looking. */
const SETTLED = 60;

interface Page {
  items: Machine[];
  total?: number;
}

export class Rows {
  /** How many machines there are in all; null before the first answer. */
  total = $state<number | null>(null);
  failure = $state.raw<Failure | null>(null);
  /** Whether what is shown belongs to an earlier question. */
  stale = $state(true);
  /** When the server was last heard of. */
  at = $state<string | null>(null);
  #pages = $state.raw(new Map<number, Machine[]>());
  #query = '';
  #wanted: () => number[];

  constructor(query: () => string, wanted: () => number[]) {
    this.#wanted = wanted;
    $effect(() => {
      const asked = query();
      this.stale = true;
      return poll(EVERY, (signal) => this.#load(asked, this.#wanted(), signal));
    });
    $effect(() => {
      const pages = wanted();
      const missing = pages.filter((page) => !this.#pages.has(page));
      if (this.stale || this.failure || missing.length === 0) return;
      const asked = this.#query;
      const stop = new AbortController();
      const timer = setTimeout(() => void this.#load(asked, missing, stop.signal), SETTLED);
      return () => {
        clearTimeout(timer);
        stop.abort();
      };
    });
  }

  row(index: number): Machine | undefined {
    return this.#pages.get(Math.floor(index / PAGE_SIZE))?.[index % PAGE_SIZE];
  }

  async #load(query: string, pages: number[], signal: AbortSignal): Promise<boolean> {
    const urls = pages.map((page) => pageUrl(query, page));
    if (this.stale && query !== this.#query) {
      const known = urls.map((url) => recall<Page>(url)?.data);
      if (known.every((page) => page !== undefined)) this.#show(query, pages, known);
    }
    try {
      const answers = await Promise.all(urls.map((url) => refresh<Page>(url, signal)));
      if (signal.aborted) return true;
      const data = answers.map((answer) => answer.data);
      this.#show(query, pages, data);
      this.failure = null;
      this.at = new Date().toISOString();
      return true;
    } catch (error) {
      if (signal.aborted) return true;
      if (!(error instanceof Failure)) throw error;
      this.failure = error;
      return false;
    }
  }

  #show(query: string, pages: number[], answers: Page[]): void {
    const kept = query === this.#query ? [...this.#pages] : [];
    const next = new Map(kept.filter(([page]) => !pages.includes(page)));
    pages.forEach((page, at) => {
      next.set(page, answers[at]?.items ?? []);
    });
    for (const oldest of next.keys()) {
      if (next.size <= KEPT) break;
      next.delete(oldest);
    }
    this.#query = query;
    this.#pages = next;
    this.total = answers[0]?.total ?? this.total;
    this.stale = false;
  }
}

export function pageUrl(query: string, page: number): string {
  return `/api/machines?${query}&limit=${PAGE_SIZE}&offset=${page * PAGE_SIZE}`;
}
