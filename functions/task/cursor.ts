import * as z from 'zod';
import { isTaskId } from './ids.ts';

/** A place in the list of an account's tasks: behind this one it goes on. */
export type Place = { readonly id: string; readonly createdAt: number };

const Written = z.tuple([z.number().int().min(0), z.string().refine(isTaskId)]);

/** A place as callers carry it. It says nothing they do not know, and leads nowhere but into their own list. */
export const toCursor = ({ createdAt, id }: Place): string =>
  Buffer.from(JSON.stringify([createdAt, id])).toString('base64url');

/** The place in a cursor, or undefined when it is none of ours. */
export function placeIn(cursor: string): Place | undefined {
  try {
    const [createdAt, id] = Written.parse(JSON.parse(Buffer.from(cursor, 'base64url').toString()));
    return { createdAt, id };
  } catch {
    return undefined;
  }
}
