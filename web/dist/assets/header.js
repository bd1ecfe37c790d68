// The bar at the top of every page: mark, navigation, theme.
import { el } from './dom.js';
import { text } from './text.js';

const PAGES = ['/', '/report', '/charts', '/docs'];
const ICONS = {
  system: 'M8 1.5a6.5 6.5 0 0 1 0 13 6.5 6.5 0 0 1 0-13M8 1.5v13a6.5 6.5 0 0 0 0-13',
  light: 'M8 5a3 3 0 1 0 0 6 3 3 0 0 0 0-6zM8 1v1.5M8 13.5V15M1 8h1.5M13.5 8H15M3 3l1 1M12 12l1 1M3 13l1-1M12 4l1-1',
  dark: 'M13.5 9.8A6 6 0 0 1 6.2 2.5a6 6 0 1 0 7.3 7.3z',
};

export function header(bar, current) {
  bar.replaceChildren(
    el('a', { class: 'skip', href: '#main' }, text.skip),
    el('a', { class: 'brand', href: '/' },
      el('img', { src: '/assets/mark.svg', alt: '', width: 32, height: 32 }),
      el('span', null, text.name)),
    el('nav', { 'aria-label': text.nav.label }, PAGES.map((page) =>
      el('a', { href: page, 'aria-current': page === current && 'page' }, text.nav[page]))),
    themes(),
  );
}

/** Marks where we are after a step that did not load a new document. */
export function markCurrent(bar, current) {
  for (const link of bar.querySelectorAll('nav a')) {
    if (link.getAttribute('href') === current) link.setAttribute('aria-current', 'page');
    else link.removeAttribute('aria-current');
  }
}

function themes() {
  const chosen = window.tatuscanTheme.get();
  const group = el('fieldset', { class: 'themes' },
    el('legend', { class: 'hidden' }, text.theme.label),
    Object.entries(ICONS).map(([theme, shape]) =>
      el('label', { title: text.theme[theme] },
        el('input', { type: 'radio', name: 'theme', value: theme, checked: theme === chosen, class: 'hidden' }),
        el('svg', { viewBox: '0 0 16 16', width: 16, height: 16, 'aria-hidden': 'true', class: theme },
          el('path', { d: shape })),
        el('span', { class: 'hidden' }, text.theme[theme]))));
  group.addEventListener('change', (event) => window.tatuscanTheme.set(event.target.value));
  return group;
}
