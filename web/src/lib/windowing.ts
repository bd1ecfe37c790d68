/** Rows that a scrolled region shows, and the pages of a list that hold them. */

export interface Visible {
  /** The first row to draw. */
  first: number;
  /** One past the last row to draw. */
  end: number;
}

/** Rows beyond the edges that are drawn too, so that a short scroll shows no gap. */
const MARGIN = 8;

export function visibleRows(top: number, height: number, rowHeight: number, rows: number): Visible {
  const first = Math.max(0, Math.floor(top / rowHeight) - MARGIN);
  const end = Math.min(rows, Math.ceil((top + height) / rowHeight) + MARGIN);
  return { first: Math.min(first, rows), end: Math.max(end, Math.min(first, rows)) };
}

export function pagesOf({ first, end }: Visible, size: number): number[] {
  if (end <= first) return [0];
  const pages = [];
  for (let page = Math.floor(first / size); page * size < end; page++) pages.push(page);
  return pages;
}

/** Where to scroll so that a row is wholly visible below a head of some height. */
export function scrollTo(
  row: number,
  top: number,
  height: number,
  rowHeight: number,
  head: number,
): number {
  const start = row * rowHeight;
  if (start < top) return start;
  const room = height - head;
  return start + rowHeight > top + room ? start + rowHeight - room : top;
}
