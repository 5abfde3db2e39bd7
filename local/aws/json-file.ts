import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import type * as z from 'zod';

/** Stored data that cannot be read: it was cut off, changed, or is of somebody else. */
export class DamagedData extends Error {
  override readonly name = 'DamagedData';
  readonly path: string;

  constructor(path: string, options?: ErrorOptions) {
    super(`${path} is damaged.`, options);
    this.path = path;
  }
}

/** @throws {DamagedData} when the file has another content than the schema says */
export function readJsonFile<T>(schema: z.ZodType<T>, file: string): T {
  const text = readFileSync(file, 'utf8');
  try {
    return schema.parse(JSON.parse(text));
  } catch (cause) {
    throw new DamagedData(file, { cause });
  }
}

/** Replaces the file at once: a process that is killed leaves the old content or the new one, never half of one. */
export function writeJsonFile(file: string, value: unknown, mode = 0o600): void {
  const draft = `${file}.new`;
  writeFileSync(draft, `${JSON.stringify(value, undefined, 2)}\n`, { mode, flush: true });
  renameSync(draft, file);
}
