/** The words of the chosen language, and its way to write numbers and dates. */
import { type Format, makeFormat } from '../lib/format';
import { remember, remembered } from '../lib/storage';
import { LANGUAGES, type Language, preferred } from './languages';
import type { Words } from './pt-BR';
import type { PageWords } from './pt-BR.pages';

export { LANGUAGES, type Language } from './languages';

const WORDS: Record<Language, () => Promise<{ text: Words }>> = {
  'pt-BR': () => import('./pt-BR'),
  en: () => import('./en'),
  es: () => import('./es'),
};
const PAGE_WORDS: Record<Language, () => Promise<{ text: PageWords }>> = {
  'pt-BR': () => import('./pt-BR.pages'),
  en: () => import('./en.pages'),
  es: () => import('./es.pages'),
};

let words = $state.raw<Words>();
let pageWords = $state.raw<PageWords>();
let format = $state.raw<Format>();
let language = $state<Language>('pt-BR');
let withPages = false;

/** The words of every page and of the report. */
export const t = () => words as Words;
/** The words of the other pages: there after `loadPageWords`. */
export const p = () => pageWords as PageWords;
/** Numbers and dates. */
export const f = () => format as Format;
export const currentLanguage = () => language;

async function load(chosen: Language): Promise<void> {
  const pages = withPages ? PAGE_WORDS[chosen]() : null;
  const [base, more] = await Promise.all([WORDS[chosen](), pages]);
  words = base.text;
  if (more) pageWords = more.text;
  format = makeFormat(chosen);
  language = chosen;
  document.documentElement.lang = chosen;
}

const startLanguage = () =>
  LANGUAGES.find((one) => one === remembered('lang')) ?? preferred(navigator.languages);

export const loadLanguage = () => load(startLanguage());

/** The words of the pages beside the report. */
export async function loadPageWords(): Promise<void> {
  if (withPages) return;
  withPages = true;
  const { text } = await PAGE_WORDS[words ? language : startLanguage()]();
  pageWords = text;
}

/** A part of a page that comes when it is asked for, with the words that it says. */
export async function withWords<T>(part: Promise<T>): Promise<T> {
  await loadPageWords();
  return part;
}

export async function chooseLanguage(chosen: Language): Promise<void> {
  remember('lang', chosen);
  await load(chosen);
}
