import { remember, remembered } from './storage';

export const THEMES = ['system', 'light', 'dark'] as const;
export type Theme = (typeof THEMES)[number];

export function chosenTheme(): Theme {
  const chosen = document.documentElement.dataset.choice ?? remembered('theme');
  return chosen === 'light' || chosen === 'dark' ? chosen : 'system';
}

/** theme-boot.js listens, and turns the choice into colours. */
export function chooseTheme(theme: Theme): void {
  remember('theme', theme === 'system' ? null : theme);
  document.documentElement.dataset.choice = theme;
  dispatchEvent(new Event('tatuscan-theme'));
}
