/** A whole number in a query, which reaches zod as a text. */
export const wholeNumber = { type: 'integer', pattern: undefined } as const;

/** How a list is read page by page. */
export const limitAndCursor = {
  limit: { description: 'How many at most', ...wholeNumber, minimum: 1, maximum: 100 },
  cursor: { description: 'The `next_cursor` of the page before; without it, the first page' },
} as const;
