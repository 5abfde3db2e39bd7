import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { generate } from '../../cli/tasks/generate.ts';
import type { Update } from '../../cli/tasks/task-run.ts';
import { jpeg, png } from '../support/pictures.ts';
import { type FakeReplies, startApi } from './fake-api.ts';

export const jpegBytes = jpeg(400, 400);
export const pngBytes = png(400, 400);
export const key = 'sk-dr-test';

export async function temporaryDirectory(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'darkroom-test-'));
  onTestFinished(() => rm(path, { recursive: true, force: true }));
  return path;
}

/** A directory with pictures, a fake API with these replies, and a clock that only pauses move. */
export async function cliContext(replies: FakeReplies = {}) {
  const api = await startApi(replies);
  onTestFinished(() => api.close());
  const directory = await temporaryDirectory();
  const out = join(directory, 'out');
  const clock = { now: Date.parse('2026-03-01T12:00:00Z') };
  const pauses: number[] = [];
  const updates: Update[] = [];
  const write = async (name: string, bytes: Uint8Array | string) => {
    const path = join(directory, name);
    await writeFile(path, bytes);
    return path;
  };

  return {
    api,
    directory,
    out,
    pauses,
    updates,
    write,
    photo: await write('photo.jpg', jpegBytes),
    saved: () => readdir(out).then((names) => names.sort()),
    generate: (options: Partial<Parameters<typeof generate>[0]> = {}) =>
      generate({
        url: api.url,
        key,
        pictures: [join(directory, 'photo.jpg')],
        request: { prompt: 'stars' },
        out,
        sleep: async (milliseconds) => {
          pauses.push(milliseconds);
          clock.now += milliseconds;
        },
        now: () => clock.now,
        onProgress: (update) => updates.push(update),
        ...options,
      }),
  };
}
