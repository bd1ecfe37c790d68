/** Moments and ages as the server counts them. */
import { DAY, DAYS_PER_MONTH, dayOf, MINUTE } from '../lib/format';

/** A moment as the server would write it, in the zone that a timestamp of its own has. */
export function asServerTime(time: number, timestamp: string): string {
  const [, sign, hours, minutes] = /([+-])(\d\d):(\d\d)$/.exec(timestamp) ?? [];
  const offset = sign ? (Number(hours) * 60 + Number(minutes)) * (sign === '-' ? -1 : 1) : 0;
  const wall = new Date(time + offset * MINUTE * 1000).toISOString().slice(0, 19);
  return sign ? `${wall}${sign}${hours}:${minutes}` : `${wall}+00:00`;
}

/** Months since the day of a timestamp, today being a day of the server's. */
export function monthsSince(timestamp: string, today: string): number {
  const days = (Date.parse(dayOf(today)) - Date.parse(dayOf(timestamp))) / (DAY * 1000);
  return days / DAYS_PER_MONTH;
}
