// One shell for `/`, `/report` and `/charts`: the address decides what is shown, a step between
// pages needs no new document, and the inventory is read again every 30 seconds.
import * as charts from './charts.js';
import { el, morph } from './dom.js';
import { ReadError, read } from './fleet.js';
import { header, markCurrent } from './header.js';
import * as home from './home.js';
import * as report from './report.js';
import { lang, text } from './text.js';

const REFRESH = 30_000;
const REFRESH_WHILE_EMPTY = 5_000; // somebody is waiting for the first machine
const TYPING = 150;

const PAGES = { '/': home, '/dashboard': home, '/report': report, '/charts': charts };
const main = document.getElementById('main');
const bar = document.getElementById('top');
const announce = document.getElementById('announce');
const clock = new Intl.DateTimeFormat(lang, { dateStyle: 'short', timeStyle: 'medium' });

let fleet = null;
let failure = null;
let reading = null;
let timer = 0;
let typing = 0;

const path = () => location.pathname.replace(/(.)\/+$/, '$1');

function render(options) {
  const page = PAGES[path()];
  const url = new URL(location.href);
  const next = el('main', { id: 'main', tabindex: -1, 'aria-busy': !fleet && !failure && 'true' });
  let title;
  if (!page) {
    title = text.notFound;
    next.append(state(text.notFound, null, el('a', { class: 'button', href: '/' }, text.backHome)));
  } else if (fleet) {
    title = page.title(fleet, url);
    const view = fleet.machines.length ? page.view(fleet, url, options) : home.view(fleet);
    next.append(...[failure && stale(), view, fleet.machines.length > 0 && footer()].flat().filter(Boolean));
  } else if (failure) {
    title = text.failed;
    next.append(state(text.failed, reason(failure), el('button', { type: 'button', 'data-retry': true }, text.retry)));
  } else {
    title = text.loading;
    next.append(el('p', { class: 'loading' }, text.loading));
  }
  morph(main, next);
  for (const select of main.querySelectorAll('select')) {
    if (select !== document.activeElement) select.value = select.dataset.value;
  }
  document.title = text.title(title);
  if (announce.textContent !== title) announce.textContent = title;
}

function state(heading, lead, action) {
  return el('section', { class: 'empty' },
    el('img', { src: '/assets/mark.svg', alt: '', width: 96, height: 96 }),
    el('h1', null, heading), lead && el('p', null, lead), el('p', null, action));
}

function stale() {
  return el('p', { class: 'notice', role: 'alert' }, text.stale(clock.format(fleet.at)), ' ',
    el('button', { type: 'button', 'data-retry': true }, text.retry));
}

const footer = () => el('footer', { class: 'foot' }, text.freshness(clock.format(fleet.at)));

const reason = (error) => {
  const words = text.reasons[error.kind] ?? text.reasons.network;
  return typeof words === 'function' ? words(error.code) : words;
};

function refresh() {
  clearTimeout(timer);
  reading ??= read(fleet)
    .then((fresh) => ((fleet = fresh), (failure = null)))
    .catch((error) => {
      if (!(error instanceof ReadError)) throw error;
      failure = error;
    })
    .finally(() => {
      reading = null;
      render();
      if (!document.hidden) timer = setTimeout(refresh, fleet?.machines.length ? REFRESH : REFRESH_WHILE_EMPTY);
    });
  return reading;
}

/** Shows another address. `typed` says that it comes from a form, whose fields are already right. */
function go(href, { replace, typed } = {}) {
  const from = path();
  if (replace) history.replaceState(null, '', href);
  else history.pushState(null, '', href);
  show(typed, from !== path());
}

function show(typed, moved) {
  clearTimeout(typing);
  markCurrent(bar, path() === '/dashboard' ? '/' : path());
  render();
  if (!typed) {
    for (const input of main.querySelectorAll('input')) input.value = input.getAttribute('value') ?? '';
  }
  if (moved) {
    scrollTo(0, 0);
    main.focus({ preventScroll: true });
  }
  openTarget();
}

/** A link to a part that is folded away unfolds it. */
function openTarget() {
  const target = location.hash.length > 1 && document.getElementById(location.hash.slice(1));
  if (!target || !main.contains(target)) return;
  for (const folded of target.querySelectorAll('details')) folded.open = true;
  target.scrollIntoView();
}

document.addEventListener('click', (event) => {
  const target = event.target.closest('a[href], button');
  if (!target || event.defaultPrevented) return;
  if (target.nodeName === 'BUTTON') {
    if (target.dataset.go) go(target.dataset.go);
    if ('retry' in target.dataset) refresh();
    if (target.dataset.copy) copy(target);
    return;
  }
  const plain = event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey;
  const url = new URL(target.href);
  if (!plain || url.origin !== location.origin || !(url.pathname in PAGES)) return;
  if (target.classList.contains('skip')) return;
  event.preventDefault();
  go(url.href);
  if (target.closest('.pager')) scrollTo(0, 0);
});

/** A form becomes an address: while typing it replaces the last one, on Enter it is a new step. */
function submit(form, changed) {
  const fields = new URLSearchParams([...new FormData(form)].filter(([, value]) => value.trim()));
  if (changed?.name === 'os') fields.delete('os_version');
  const query = fields.toString();
  go(form.getAttribute('action') + (query && `?${query}`), { replace: changed?.name === 'q' || changed?.name === 'top', typed: true });
}

main.addEventListener('submit', (event) => {
  event.preventDefault();
  submit(event.target);
});
main.addEventListener('input', ({ target }) => {
  if (!target.form) return;
  clearTimeout(typing);
  typing = setTimeout(() => submit(target.form, target), target.nodeName === 'SELECT' ? 0 : TYPING);
});

/** Plain http on an intranet name has no clipboard: there the text is selected instead. */
async function copy(button) {
  const source = document.getElementById(button.dataset.copy);
  let done = text.empty.copied;
  try {
    await navigator.clipboard.writeText(source.textContent);
  } catch {
    getSelection().selectAllChildren(source);
    done = text.empty.selected;
  }
  announce.textContent = button.textContent = done;
}

addEventListener('popstate', () => show(false, false));
document.addEventListener('visibilitychange', () => {
  if (document.hidden) clearTimeout(timer);
  else refresh();
});
addEventListener('beforeprint', () => render({ paper: true }));
addEventListener('afterprint', () => render());

header(bar, path() === '/dashboard' ? '/' : path());
render();
refresh().then(openTarget);
