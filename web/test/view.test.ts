import { describe, expect, it } from 'vitest';
import {
  countFilters,
  filterQuery,
  listQuery,
  NO_FILTERS,
  readView,
  reportOf,
  toggled,
  viewHref,
} from '../src/lib/view';
import { readTop } from '../src/pages/charts/bars';

describe('the address of a view', () => {
  it('is bare for the usual view', () => {
    expect(viewHref(readView(''))).toBe('/report');
  });

  it('takes the bookmarks of the original, in any case', () => {
    const view = readView('?sort=OS_VERSION&dir=DESC');
    expect([view.sort, view.dir]).toEqual(['os_version', 'desc']);
    expect(readView('?sort=nonsense&dir=sideways')).toEqual(readView(''));
  });

  it('says all that was chosen, and reads it again', () => {
    const address =
      '/report?q=lab+pc&status=offline&status=missing&os=windows&os_version=-&model=A%26B&ip=10.0.0.0%2F8' +
      '&age=%3E60mo&seen=1d..7d&created=%3C7d&sort=created_at&dir=desc&cols=hostname%2Cip&density=compact&side=0&print=1';
    expect(viewHref(readView(address.slice('/report'.length)))).toBe(address);
  });

  it('reads several states from one parameter, as the API does', () => {
    expect(readView('?status=Offline,missing').status).toEqual(['offline', 'missing']);
  });

  it('leaves out columns that there are not', () => {
    expect(readView('?cols=ip,nonsense,hostname').cols).toEqual(['hostname', 'ip']);
    expect(readView('?cols=nonsense').cols).toBeNull();
  });

  it('gives the API filters and order, nothing of the looks', () => {
    const view = readView('?q=x&cols=ip&density=compact');
    expect(filterQuery(view)).toBe('q=x');
    expect(listQuery(view)).toBe('q=x&sort=hostname&dir=asc');
  });

  it('links to the machines of one value', () => {
    expect(reportOf({ os: ['Chrome OS'] })).toBe('/report?os=Chrome+OS');
    expect(reportOf({})).toBe('/report');
  });
});

describe('filters', () => {
  it('are counted', () => {
    expect(countFilters(NO_FILTERS)).toBe(0);
    expect(countFilters(readView('?q=a&os=x&os=y&age=none'))).toBe(4);
  });

  it('are switched without regard to case', () => {
    expect(toggled(['Windows'], 'windows')).toEqual([]);
    expect(toggled(['linux'], 'windows')).toEqual(['linux', 'windows']);
  });
});

describe('top', () => {
  it.each([
    [null, 8],
    ['', 8],
    ['many', 8],
    ['3', 3],
    ['0', 1],
    ['-4', 1],
    ['999', 50],
    ['2.5', 8],
  ])('%s is %i', (text, top) => expect(readTop(text)).toBe(top));
});
