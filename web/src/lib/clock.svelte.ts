/** The server's time, as well as this browser can tell: its own clock may be wrong. */

const TICK = 10_000;
/** Answers name whole seconds and take their time: less than this says nothing. */
const SLACK = 3_000;

let skew = 0;
const state = $state({ now: Date.now() });

/** Now, for relative times: whoever reads it is drawn anew as time passes. */
export const now = () => state.now;

export function setServerTime(time: number): void {
  const seen = time - Date.now();
  if (Number.isFinite(seen) && Math.abs(seen - skew) > SLACK) skew = seen;
  state.now = Date.now() + skew;
}

export function startClock(): void {
  const tick = () => {
    if (!document.hidden) state.now = Date.now() + skew;
  };
  setInterval(tick, TICK);
  document.addEventListener('visibilitychange', tick);
}
