/** Answers of the API that stay fresh while someone looks at them. */
import { untrack } from 'svelte';
import { Failure, type Fresh, read } from '../api/client';

/** The state of the line to the server, for the notice that every page shows. */
class Connection {
  /** Since when the server has not answered; null while it does. */
  lostAt = $state<number | null>(null);
  #waiting = new Set<() => void>();

  lost(): void {
    this.lostAt ??= Date.now();
  }

  found(): void {
    if (this.lostAt === null) return;
    this.lostAt = null;
    this.retry();
  }

  /** Has everything that is on the screen asked for again. */
  retry(): void {
    for (const ask of [...this.#waiting]) ask();
  }

  /** Waits until the server answers again. */
  back(): Promise<void> {
    return new Promise((back) => {
      const stop = $effect.root(() => {
        $effect(() => {
          if (this.lostAt !== null) return;
          back();
          stop();
        });
      });
    });
  }

  onRetry(ask: () => void): () => void {
    this.#waiting.add(ask);
    return () => this.#waiting.delete(ask);
  }
}

export const connection = new Connection();

const RETRY = 5_000;
const KEPT = 24;
/** The last answers, so that Back shows at once what was there. */
const kept = new Map<string, Fresh<unknown>>();

export function keep(url: string, answer: Fresh<unknown>): void {
  kept.delete(url);
  kept.set(url, answer);
  for (const oldest of kept.keys()) {
    if (kept.size <= KEPT) break;
    kept.delete(oldest);
  }
}

export const recall = <T>(url: string) => kept.get(url) as Fresh<T> | undefined;

/** Reads with the tag of what is kept, keeps what came, and tells the connection how it went. */
export async function refresh<T>(url: string, signal: AbortSignal): Promise<Fresh<T>> {
  const old = recall<T>(url);
  try {
    const answer = (await read<T>(url, old?.tag ?? null, signal)) ?? (old as Fresh<T>);
    connection.found();
    keep(url, answer);
    return answer;
  } catch (error) {
    if (error instanceof Failure) {
      if (error.passes) connection.lost();
      else connection.found();
    }
    throw error;
  }
}

/** Calls at once and then at intervals, sooner after a failure, never in a hidden tab. */
export function poll(every: number, ask: (signal: AbortSignal) => Promise<boolean>): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let running: AbortController | null = null;
  let due = false;

  const run = async () => {
    clearTimeout(timer);
    if (running) return;
    if (document.hidden) {
      due = true;
      return;
    }
    due = false;
    running = new AbortController();
    const { signal } = running;
    let went = false;
    try {
      went = await untrack(() => ask(signal));
    } finally {
      if (running?.signal === signal) running = null;
    }
    if (signal.aborted) return;
    timer = setTimeout(run, went ? every : Math.min(every, RETRY));
  };
  const shown = () => {
    if (!document.hidden && due) void run();
  };
  const stopRetry = connection.onRetry(run);
  document.addEventListener('visibilitychange', shown);
  void run();
  return () => {
    clearTimeout(timer);
    running?.abort();
    stopRetry();
    document.removeEventListener('visibilitychange', shown);
  };
}

/** One answer, kept fresh. Make it in a component: it lives as long as that. */
export class Live<T> {
  data = $state.raw<T | undefined>(undefined);
  failure = $state.raw<Failure | null>(null);
  /** Whether what is shown belongs to an earlier address. */
  stale = $state(false);

  constructor(url: () => string, every: () => number) {
    $effect(() => {
      const [address, pause] = [url(), every()];
      const old = recall<T>(address);
      this.stale = !old;
      if (old) this.data = old.data;
      return poll(pause, (signal) => this.#ask(address, signal));
    });
  }

  async #ask(url: string, signal: AbortSignal): Promise<boolean> {
    try {
      const { data } = await refresh<T>(url, signal);
      if (signal.aborted) return true;
      this.data = data;
      this.failure = null;
      this.stale = false;
      return true;
    } catch (error) {
      if (signal.aborted) return true;
      if (!(error instanceof Failure)) throw error;
      this.failure = error;
      if (!error.passes) this.data = undefined;
      return false;
    }
  }
}
