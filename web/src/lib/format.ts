/** Numbers, dates and lengths of time as people of a language write them. */

export const MINUTE = 60;
const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;
/** As the server counts: ages in months of 30.42 days. */
export const DAYS_PER_MONTH = 30.42;

/**
 * The wall time that a timestamp of the server says, as if it were UTC: the server writes its own
 * zone into each, and that is the zone that people read, wherever their browser is.
 */
export function wallTime(timestamp: string): Date {
  return new Date(`${timestamp.slice(0, 19)}Z`);
}

export const dayOf = (timestamp: string) => timestamp.slice(0, 10);

export type Format = ReturnType<typeof makeFormat>;

export function makeFormat(lang: string) {
  const number = new Intl.NumberFormat(lang);
  const percent = new Intl.NumberFormat(lang, { style: 'percent', maximumFractionDigits: 0 });
  const fine = new Intl.NumberFormat(lang, { style: 'percent', maximumFractionDigits: 1 });
  const short = new Intl.NumberFormat(lang, { maximumFractionDigits: 1 });
  const utc = { timeZone: 'UTC' } as const;
  const longDate = new Intl.DateTimeFormat(lang, {
    day: '2-digit',
    month: '2-digit',
    year: 'numeric',
    ...utc,
  });
  const exact = new Intl.DateTimeFormat(lang, { dateStyle: 'medium', timeStyle: 'medium', ...utc });
  const minute = new Intl.DateTimeFormat(lang, {
    day: '2-digit',
    month: '2-digit',
    year: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
    ...utc,
  });
  const clock = new Intl.DateTimeFormat(lang, { timeStyle: 'short', hourCycle: 'h23' });
  const relative = new Intl.RelativeTimeFormat(lang, { style: 'narrow', numeric: 'always' });
  const long = new Intl.RelativeTimeFormat(lang, { numeric: 'always' });

  const since = (format: Intl.RelativeTimeFormat, timestamp: string, now: number, soon: string) => {
    const seconds = Math.round((now - Date.parse(timestamp)) / 1000);
    const past = Math.abs(seconds);
    const say = (unit: Intl.RelativeTimeFormatUnit, length: number) =>
      format.format(-Math.sign(seconds) * Math.floor(past / length), unit);
    if (past < MINUTE) return soon;
    if (past < HOUR) return say('minute', MINUTE);
    if (past < DAY) return say('hour', HOUR);
    if (past < 60 * DAY) return say('day', DAY);
    if (past < 730 * DAY) return say('month', DAYS_PER_MONTH * DAY);
    return say('year', 365.25 * DAY);
  };

  return {
    number: (value: number) => number.format(value),
    /** One decimal at most. */
    short: (value: number) => short.format(value),
    /** A share of a whole; something never looks like nothing. */
    share(part: number, whole: number) {
      if (whole <= 0) return percent.format(0);
      const ratio = part / whole;
      if (part > 0 && ratio < 0.001) return `<${fine.format(0.001)}`;
      return (ratio < 0.0995 ? fine : percent).format(ratio);
    },
    percent: (value: number) => percent.format(value / 100),
    /** The day of a timestamp, or a day alone. */
    date: (timestamp: string) => longDate.format(wallTime(`${dayOf(timestamp)}T00:00:00`)),
    exact: (timestamp: string) => exact.format(wallTime(timestamp)),
    minute: (timestamp: string) => minute.format(wallTime(timestamp)),
    /** A time of this browser's own. */
    clock: (time: number) => clock.format(time),
    ago: (timestamp: string, now: number, soon: string) => since(relative, timestamp, now, soon),
    longAgo: (timestamp: string, now: number, soon: string) => since(long, timestamp, now, soon),
    /** Memory as it is sold: 15.7 GiB are a computer of 16 GB. */
    gib: (mib: number) => `${short.format(mib / 1024)} GiB`,
  };
}
