/** What this browser remembers for one person; storage may be switched off. */
export function remembered(name: string): string | null {
  try {
    return localStorage.getItem(`tatuscan.${name}`);
  } catch {
    return null;
  }
}

export function remember(name: string, value: string | null): void {
  try {
    if (value === null) localStorage.removeItem(`tatuscan.${name}`);
    else localStorage.setItem(`tatuscan.${name}`, value);
  } catch {
    // It then lasts as long as the page.
  }
}
