const maxPages = 3;

/**
 * How often a list is read again. Each time all its open pages are read, so the interval grows with the pages: the number
 * of requests stays that of one page. A list with many open pages is only read again when the user comes back to the
 * window.
 *
 * @param everyMs the interval for one page
 */
export const pollMsOf = (pages: number, everyMs: number): number | false =>
  pages <= maxPages && everyMs * Math.max(pages, 1);
