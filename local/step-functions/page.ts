import * as z from 'zod';
import { Refusal } from './refusal.ts';

export const Paging = z.object({
  maxResults: z.int().min(0).max(1000).optional(),
  nextToken: z.string().optional(),
});

/** A piece of a list; the token is where the next one starts. */
export function page<T>(
  all: readonly T[],
  { maxResults, nextToken = '0' }: z.infer<typeof Paging>,
) {
  const from = Number(nextToken);
  if (!Number.isInteger(from)) throw new Refusal('InvalidToken', "Invalid Token: 'Invalid token'");
  const to = from + (maxResults || 100);
  return { items: all.slice(from, to), nextToken: to < all.length ? String(to) : undefined };
}
