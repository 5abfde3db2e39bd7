const maxPages = 3;

/**
 * How often a list is read again by itself. All its pages are read each time, so it is read as seldom as keeps the requests as
 * many as those of one page; one of which somebody has opened many pages is read when he comes back to the window.
 *
 * @param everyMs for one page
 */
export const pollMsOf = (pages: number, everyMs: number): number | false =>
  pages <= maxPages && everyMs * Math.max(pages, 1);
