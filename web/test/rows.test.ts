import { describe, expect, it } from 'vitest';
import { columnsFor, SHAPES, widthsOf } from '../src/lib/columns';
import { COLUMNS } from '../src/lib/view';
import { pagesOf, scrollTo, visibleRows } from '../src/lib/windowing';
import { isNetwork, optionsOf } from '../src/pages/report/facets';

describe('the rows that are drawn', () => {
  it('are a few more than are seen, whatever the length of the list', () => {
    expect(visibleRows(0, 600, 30, 20_000)).toEqual({ first: 0, end: 28 });
    expect(visibleRows(300_000, 600, 30, 20_000)).toEqual({ first: 9992, end: 10_028 });
    expect(visibleRows(599_400, 600, 30, 20_000)).toEqual({ first: 19_972, end: 20_000 });
  });

  it('are none of an empty list, and stay within one that became shorter', () => {
    expect(visibleRows(0, 600, 30, 0)).toEqual({ first: 0, end: 0 });
    expect(visibleRows(9000, 600, 30, 10)).toEqual({ first: 10, end: 10 });
  });

  it('are held by pages', () => {
    expect(pagesOf({ first: 0, end: 28 }, 100)).toEqual([0]);
    expect(pagesOf({ first: 90, end: 201 }, 100)).toEqual([0, 1, 2]);
    expect(pagesOf({ first: 0, end: 0 }, 100)).toEqual([0]);
  });

  it('are scrolled to only when they are out of sight', () => {
    expect(scrollTo(5, 0, 600, 30, 38)).toBe(0);
    expect(scrollTo(2, 300, 600, 30, 38)).toBe(60);
    expect(scrollTo(30, 0, 600, 30, 38)).toBe(31 * 30 - 562);
  });
});

describe('columns', () => {
  it('are as many as there is room for, the name always', () => {
    expect(columnsFor(0)).toEqual(['hostname']);
    expect(columnsFor(620)).toEqual(['hostname', 'status', 'os_version', 'updated_at']);
    expect(columnsFor(5000).length).toBeGreaterThan(8);
  });

  it('fill their frame, and never shrink below what they need', () => {
    const sum = (widths: number[]) => widths.reduce((all, one) => all + one, 0);
    expect(sum(widthsOf(['hostname', 'ip', 'status'], 1000))).toBeCloseTo(1000);
    const least = sum(COLUMNS.map((column) => SHAPES[column].min));
    expect(sum(widthsOf([...COLUMNS], 300))).toBe(least);
  });
});

describe('filters to choose from', () => {
  it('keep what was chosen and is gone', () => {
    const counts = [{ value: '', count: 3 }];
    expect(optionsOf(counts, ['-', 'Old'])).toEqual([
      { value: '-', count: 3 },
      { value: 'Old', count: 0 },
    ]);
  });

  it.each([
    ['10.1.0.0/16', true],
    ['10.1.7.7', true],
    ['fe80::/10', true],
    ['10.1.0.0/33', false],
    ['10.1.300.1', false],
    ['10.1.0', false],
    ['lab', false],
    ['10.0.0.0/8/8', false],
  ])('%s is a network: %s', (text, good) => expect(isNetwork(text)).toBe(good));
});
