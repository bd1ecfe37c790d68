/** The ranges that the filters offer; others come by the address. */
import type { Count } from '../../api/client';
import { asChoice, type Range, sameChoice } from '../../lib/view';

export const OFFERED: Record<Range, string[]> = {
  age: ['<12mo', '12mo..36mo', '36mo..60mo', '60mo..120mo', '>120mo', 'none'],
  seen: ['<1h', '1h..1d', '1d..7d', '7d..30d', '>30d'],
  created: ['<1d', '<7d', '<30d', '>1y'],
};

export interface Option {
  value: string;
  count: number;
}

/** What can be chosen: what there is, and what is chosen though there is none of it now. */
export function optionsOf(counts: Count[], chosen: string[]): Option[] {
  const there = counts.map(({ value, count }) => ({ value: asChoice(value), count }));
  const gone = chosen.filter((value) => !there.some((option) => sameChoice(option.value, value)));
  return [...there, ...gone.map((value) => ({ value, count: 0 }))];
}

/** Addresses and networks, as far as a person can get them wrong; the server looks closer. */
export function isNetwork(text: string): boolean {
  const [address = '', bits, more] = text.split('/');
  const v4 =
    /^\d{1,3}(\.\d{1,3}){3}$/.test(address) && address.split('.').every((n) => Number(n) < 256);
  const v6 = address.includes(':') && /^[\da-f:.]+$/i.test(address);
  const most = v4 ? 32 : 128;
  const fits = bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= most);
  return (v4 || v6) && fits && more === undefined;
}
