import { describe, expect, it } from 'vitest';
import { makeFormat } from '../src/lib/format';
import { networkOf } from '../src/pages/machine/network';
import { asServerTime, monthsSince } from '../src/parts/moments';
import { preferred } from '../src/text/languages';

const AT = '2026-11-24T14:07:38.675163-04:00';
const now = (seconds: number) => Date.parse(AT) + seconds * 1000;
/** Intl joins with spaces of its own. */
const plain = (text: string) => text.replace(/[\u00a0\u202f]/g, ' ');

describe('times', () => {
  it('are those of the server’s wall, wherever the browser is', () => {
    expect(makeFormat('pt-BR').minute(AT)).toBe('24/11/2026, 14:07');
    expect(makeFormat('pt-BR').date(AT)).toBe('24/11/2026');
    expect(asServerTime(Date.parse('2026-11-24T18:07:38Z'), AT)).toBe('2026-11-24T14:07:38-04:00');
    expect(asServerTime(Date.parse('2026-11-24T18:07:38Z'), '')).toBe('2026-11-24T18:07:38+00:00');
  });

  it.each([
    [0, 'agora'],
    [-30, 'agora'],
    [59, 'agora'],
    [60, 'há 1 min.'],
    [3599, 'há 59 min.'],
    [7200, 'há 2 h'],
    [86_400 * 8, 'há 8 dias'],
    [86_400 * 100, 'há 3 meses'],
    [86_400 * 800, 'há 2 anos'],
  ])('%i seconds ago', (seconds, said) => {
    expect(plain(makeFormat('pt-BR').ago(AT, now(seconds), 'agora'))).toBe(said);
  });

  it('may lie ahead', () => {
    expect(makeFormat('en').longAgo(AT, now(-7200), 'now')).toBe('in 2 hours');
  });
});

describe('numbers', () => {
  it('are written as in the language', () => {
    expect(makeFormat('pt-BR').number(20_000)).toBe('20.000');
    expect(makeFormat('en').number(20_000)).toBe('20,000');
    expect(plain(makeFormat('pt-BR').gib(16_068))).toBe('15,7 GiB');
  });

  it.each([
    [0, 0, '0%'],
    [0, 10, '0%'],
    [1, 20_000, '<0.1%'],
    [1, 64, '1.6%'],
    [199, 2000, '10%'],
    [10, 10, '100%'],
  ])('%i of %i', (part, whole, said) => {
    expect(makeFormat('en').share(part, whole)).toBe(said);
  });
});

describe('what is computed', () => {
  it('ages from the real dates', () => {
    expect(monthsSince('2026-10-25T00:00:00-04:00', '2026-11-24T23:59:00-04:00')).toBeCloseTo(
      0.986,
      3,
    );
    expect(monthsSince('2026-12-01T00:00:00-04:00', '2026-11-24T00:00:00-04:00')).toBeLessThan(0);
  });

  it('networks that people think in', () => {
    expect(networkOf('10.1.7.7')).toBe('10.1.7.0/24');
    expect(networkOf('0.0.0.0')).toBeNull();
    expect(networkOf('fe80::1')).toBeNull();
    expect(networkOf('')).toBeNull();
  });
});

describe('the language', () => {
  it('is the first of the browser’s that there is, else Portuguese', () => {
    expect(preferred(['fr-FR', 'es-AR', 'en'])).toBe('es');
    expect(preferred(['en-GB'])).toBe('en');
    expect(preferred(['pt-PT'])).toBe('pt-BR');
    expect(preferred(['ja'])).toBe('pt-BR');
    expect(preferred([])).toBe('pt-BR');
  });
});
