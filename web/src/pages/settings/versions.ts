/** Versions of the agent. */

/** Whether a version is older than another one, number by number. */
export function isBehind(version: string, other: string): boolean {
  const numbers = (text: string) => (text.split(/[-+]/)[0] ?? '').split('.').map(Number);
  const [mine, theirs] = [numbers(version), numbers(other)];
  for (let at = 0; at < Math.max(mine.length, theirs.length); at++) {
    const [a, b] = [mine[at] ?? 0, theirs[at] ?? 0];
    if (a !== b) return a < b;
  }
  // What comes before a version is older than it.
  return version.includes('-') && !other.includes('-');
}
