// Numbers, dates and durations as people here write them.
import { lang, text } from './text.js';

const DAY = 86_400_000;
const whole = new Intl.NumberFormat(lang, { maximumFractionDigits: 0 });
const short = new Intl.NumberFormat(lang, { maximumFractionDigits: 1 });
const tenths = new Intl.NumberFormat(lang, { minimumFractionDigits: 1, maximumFractionDigits: 1 });
const percents = new Intl.NumberFormat(lang, { style: 'percent', minimumFractionDigits: 1, maximumFractionDigits: 1 });
const ago = new Intl.RelativeTimeFormat(lang, { style: 'short', numeric: 'always' });
const two = { day: '2-digit', month: '2-digit', year: 'numeric', timeZone: 'UTC' };
const days = new Intl.DateTimeFormat(lang, two);
const minutes = new Intl.DateTimeFormat(lang, { ...two, hour: '2-digit', minute: '2-digit' });

export const number = (value) => whole.format(value);
export const cpu = (value) => (Number.isFinite(value) ? `${tenths.format(value)} %` : '');
export const share = (part, total) => percents.format(total ? part / total : 0);
export const gib = (mib) => short.format(mib / 1024);

/** `5,1 anos`, or months below two years. */
export function months(value) {
  return value < 24 ? text.months(short.format(value)) : text.years(short.format(value / 12));
}

/**
 * The server writes times in its own zone and everybody reads them so, wherever they sit:
 * the digits are taken as written.
 */
function wall(written) {
  const m = /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d))?/.exec(written ?? '');
  return m && new Date(Date.UTC(m[1], m[2] - 1, m[3], m[4] ?? 0, m[5] ?? 0));
}

export function date(written) {
  const at = wall(written);
  return at ? days.format(at) : '';
}

export function dateTime(written) {
  const at = wall(written);
  return at ? minutes.format(at).replace(',', '') : '';
}

/** `há 5 min` for the last week, the date before that. */
export function relative(written, now) {
  const elapsed = now - Date.parse(written);
  if (!Number.isFinite(elapsed) || elapsed >= 7 * DAY || elapsed < -5 * 60_000) return date(written);
  if (elapsed < 60_000) return text.justNow;
  if (elapsed < 3_600_000) return ago.format(-Math.floor(elapsed / 60_000), 'minute');
  if (elapsed < DAY) return ago.format(-Math.floor(elapsed / 3_600_000), 'hour');
  return ago.format(-Math.floor(elapsed / DAY), 'day');
}
