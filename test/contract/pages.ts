type Read<T, P> = (behind: P | undefined) => Promise<{
  readonly items: readonly T[];
  readonly next: P | undefined;
}>;

/** Follows a list from page to page to its end. */
export async function pagesOf<T, P>(read: Read<T, P>): Promise<readonly (readonly T[])[]> {
  const pages: (readonly T[])[] = [];
  let behind: P | undefined;
  do {
    const { items, next } = await read(behind);
    pages.push(items);
    behind = next;
  } while (behind !== undefined);
  return pages;
}
