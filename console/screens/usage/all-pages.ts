type Page<Row> = { readonly data: readonly Row[]; readonly next_cursor: string | null };

/**
 * Reads page after page, `maxPages` at most.
 *
 * @returns the rows, and whether these are all rows
 */
export async function allPages<Row>(
  read: (cursor: string | undefined) => Promise<Page<Row>>,
  maxPages: number,
): Promise<{ readonly rows: readonly Row[]; readonly isWhole: boolean }> {
  const rows: Row[] = [];
  let cursor: string | null | undefined;
  for (let page = 0; page < maxPages && cursor !== null; page += 1) {
    const { data, next_cursor } = await read(cursor);
    rows.push(...data);
    cursor = next_cursor;
  }
  return { rows, isWhole: cursor === null };
}
