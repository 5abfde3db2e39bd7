type Read<T, P> = (after: P | undefined) => Promise<{
  readonly items: readonly T[];
  readonly next: P | undefined;
}>;

const maxPages = 1000;

/** Follows a list from page to page to its end. */
export async function pagesOf<T, P>(read: Read<T, P>): Promise<readonly (readonly T[])[]> {
  const pages: (readonly T[])[] = [];
  let after: P | undefined;
  do {
    const { items, next } = await read(after);
    pages.push(items);
    if (pages.length > maxPages) throw new Error('this list does not end');
    after = next;
  } while (after !== undefined);
  return pages;
}
