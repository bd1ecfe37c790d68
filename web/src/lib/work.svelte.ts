/** Something that is being done, and what came of it. */
import { Failure } from '../api/client';
import { p, t } from '../text/index.svelte';
import { connection } from './live.svelte';

export class Work {
  busy = $state(false);
  /** What went wrong, in words; empty for nothing. */
  wrong = $state('');
  /** What was done, in words. */
  said = $state('');

  /** Does it, and has what is on the screen read again; answers whether it went well. */
  async run<T>(task: () => Promise<T>, said = p().settings.done): Promise<T | null> {
    this.busy = true;
    this.wrong = this.said = '';
    try {
      const done = await task();
      this.said = said;
      connection.retry();
      return done;
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      this.wrong = `${p().settings.failed} ${error.detail || t().reasons[error.reason]}`;
      return null;
    } finally {
      this.busy = false;
    }
  }
}
