import * as z from 'zod';
import type { Task, Wait } from './definition.ts';
import { runtimeFailure } from './failure.ts';

/** How long an attempt of this Task may take; `found` is what its TimeoutSecondsPath points to. */
export const timeoutSeconds = (task: Task, found: unknown): number | undefined =>
  task.TimeoutSecondsPath
    ? read(z.int().positive(), found, task.TimeoutSecondsPath)
    : task.TimeoutSeconds;

/** How long this Wait takes, seen from `nowMs`; `found` is what its path points to. */
export function waitSeconds(wait: Wait, found: unknown, nowMs: number): number {
  if (wait.Seconds !== undefined) return wait.Seconds;
  if (wait.SecondsPath) return read(z.int().nonnegative(), found, wait.SecondsPath);
  const until = wait.Timestamp ?? read(z.iso.datetime({ offset: true }), found, wait.TimestampPath);
  return Math.max(0, (Date.parse(until) - nowMs) / 1000);
}

function read<T>(schema: z.ZodType<T>, found: unknown, path = ''): T {
  const { success, data, error } = schema.safeParse(found);
  if (!success) throw runtimeFailure(`${path} does not do: ${z.prettifyError(error)}`);
  return data;
}
