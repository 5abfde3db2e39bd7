import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { type Counts, increment } from './inject-fault.ts';

const LogLine = z.object({ message: z.string(), code: z.string().optional() });
const recoveryEvents = new Set([
  'task.recovered',
  'execution.ended',
  'submit.unknown',
  'task.exhausted',
]);
const otherEvents = new Set([
  'start.failed',
  'reconcile.failed',
  'callback.undelivered',
  'Event given up',
]);

/** Counts the log events about recoveries and failures in the logs of all functions. */
export function countRecoveries(directory: string): Counts {
  const counts: Counts = new Map();
  for (const file of readdirSync(directory)) {
    for (const line of readFileSync(join(directory, file), 'utf8').split('\n')) {
      const event = eventOf(parseLine(line));
      if (event) increment(counts, event);
    }
  }
  return counts;
}

function eventOf(
  { message, code }: z.output<typeof LogLine> = { message: '' },
): string | undefined {
  if (otherEvents.has(message)) return message;
  if (!recoveryEvents.has(message)) return undefined;
  return code ? `${message}: ${code}` : message;
}

function parseLine(line: string): z.output<typeof LogLine> | undefined {
  if (!line.startsWith('{')) return undefined;
  try {
    return LogLine.safeParse(JSON.parse(line)).data;
  } catch {
    return undefined;
  }
}

export const formatCounts = (title: string, counts: Counts): string =>
  [title, ...[...counts].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(formatCount), ''].join('\n');

const formatCount = ([key, times]: [string, number]): string =>
  `${String(times).padStart(7)}  ${key}`;
