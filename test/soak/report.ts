import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { type Counts, count } from './orders.ts';

const Line = z.object({ message: z.string(), code: z.string().optional() });
const rescues = new Set(['task.rescued', 'execution.ended', 'submit.unknown', 'task.exhausted']);
const others = new Set(['start.failed', 'sweep.failed', 'callback.undelivered', 'Event given up']);

/** What the functions said about rescuing, out of their logs. */
export function rescuesIn(directory: string): Counts {
  const counts: Counts = new Map();
  for (const file of readdirSync(directory)) {
    for (const line of readFileSync(join(directory, file), 'utf8').split('\n')) {
      const said = wordsOf(read(line));
      if (said) count(counts, said);
    }
  }
  return counts;
}

function wordsOf({ message, code }: z.output<typeof Line> = { message: '' }): string | undefined {
  if (others.has(message)) return message;
  if (!rescues.has(message)) return undefined;
  return code ? `${message}: ${code}` : message;
}

function read(line: string): z.output<typeof Line> | undefined {
  if (!line.startsWith('{')) return undefined;
  try {
    return Line.safeParse(JSON.parse(line)).data;
  } catch {
    return undefined;
  }
}

export const table = (title: string, counts: Counts): string =>
  [title, ...[...counts].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(line), ''].join('\n');

const line = ([what, times]: [string, number]): string => `${String(times).padStart(7)}  ${what}`;
