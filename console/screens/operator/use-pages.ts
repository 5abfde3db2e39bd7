import { type QueryKey, useInfiniteQuery } from '@tanstack/react-query';
import { pollMsOf } from '../../api/poll.ts';
import { session } from '../../session/session.ts';

/** A page of a list, as every list of the API is. */
type Page<Row> = { readonly data: readonly Row[]; readonly next_cursor: string | null };

/** The query of the next page; empty for the first. */
export type PageCursor = { readonly cursor?: string };

type Options<Row> = {
  readonly queryKey: QueryKey;
  readonly read: (cursor: PageCursor, signal: AbortSignal) => Promise<Page<Row>>;
  /** Without it, the list is only read again on demand. */
  readonly everyMs?: number;
};

/** A list that is read page after page. */
export function usePages<Row>({ queryKey, read, everyMs }: Options<Row>) {
  const { data, error, refetch, hasNextPage, isFetchingNextPage, fetchNextPage } = useInfiniteQuery(
    {
      queryKey,
      initialPageParam: undefined as string | undefined,
      queryFn: ({ pageParam, signal }) =>
        read(pageParam === undefined ? {} : { cursor: pageParam }, signal),
      getNextPageParam: ({ next_cursor }) => next_cursor ?? undefined,
      refetchInterval: ({ state }) =>
        everyMs !== undefined &&
        session.current().key !== undefined &&
        pollMsOf(state.data?.pages.length ?? 1, everyMs),
    },
  );
  return {
    rows: data?.pages.flatMap((page) => page.data),
    error,
    reread: () => void refetch(),
    hasMore: hasNextPage,
    isReadingMore: isFetchingNextPage,
    readMore: () => void fetchNextPage(),
  };
}

export type Pages<Row> = ReturnType<typeof usePages<Row>>;
