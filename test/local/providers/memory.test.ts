import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { providerLoad } from '../../../local/providers/capacity.ts';
import type { ImageRequest } from '../../../local/providers/image-request.ts';
import { jobs } from '../../../local/providers/jobs.ts';
import { resultFiles } from '../../../local/providers/result-files.ts';
import { localProvider, redOnBlue, someLink } from './local-provider.ts';

const png = await redOnBlue(384, 'png');

test('only the latest images are kept, on disk, until the mock provider is closed', async () => {
  const files = resultFiles({ maxImages: 2 });
  const first = await files.store(png);
  const second = await files.store(png);
  const third = await files.store(png);

  expect(await files.read(first)).toBeUndefined();
  expect([await files.read(second), await files.read(third)]).toEqual([png, png]);
  expect(third.bytes).toBe(png.length);

  files.close();
  expect(existsSync(dirname(third.file))).toBe(false);
  await expect(files.store(png)).rejects.toThrow('closed');
});

test('images that an earlier process left in the given folder are deleted, and nothing else', async () => {
  const directory = join(mkdtempSync(join(tmpdir(), 'results-')), 'images');
  onTestFinished(() => rmSync(dirname(directory), { recursive: true }));
  const left = await resultFiles({ directory }).store(png);
  const notes = join(directory, 'notes.png');
  writeFileSync(notes, '');

  const files = resultFiles({ directory });

  expect(existsSync(left.file)).toBe(false);
  const image = await files.store(png);
  expect([dirname(image.file), await files.read(image)]).toEqual([directory, png]);
  files.close();
  expect(readdirSync(directory)).toEqual(['notes.png']);
});

const request: ImageRequest = {
  prompt: 'x',
  images: [someLink],
  n: 1,
  canvas: undefined,
  seed: undefined,
  isWatermarked: false,
  isExtended: false,
};

function jobStore(maxEndedJobs: number) {
  const clock = { now: 1_000_000 };
  const deps = { now: () => clock.now, speed: 1 };
  const load = () => providerLoad(deps);
  const results = resultFiles();
  const store = jobs({
    ...deps,
    maxEndedJobs,
    generateImages: async () => [png],
    loads: { dashscope: load() },
    results,
  });
  onTestFinished(() => {
    store.close();
    results.close();
  });
  const add = () =>
    store.add('dashscope', request, { seconds: 10, outcome: 'succeeded', code: undefined });
  return { store, clock, add };
}

test('a job drops the pictures of its request when its images are made, and when it is cancelled', async () => {
  const { store, clock, add } = jobStore(10);
  const [made, cancelled] = [add(), add()];

  store.cancel(cancelled.id);
  clock.now += 10_000;

  await expect.poll(() => store.find(made.id)?.isFinished).toBe(true);
  for (const job of [made, cancelled])
    expect(job).toMatchObject({ imageCount: 1, request: { images: [] } });
});

test('only the latest of the ended jobs are kept, and all jobs that have not ended', async () => {
  const { store, clock, add } = jobStore(2);
  const kept = () => store.all().map(({ id }) => id);
  const latest = [add(), add(), add()].slice(1).map(({ id }) => id);
  clock.now += 10_000;
  await expect.poll(kept).toEqual(latest);

  const active = [add(), add(), add()].map(({ id }) => id);

  expect(kept()).toEqual([...latest, ...active]);
});

test('the link to an image that is no longer kept is answered with 403', async () => {
  const { accepted, ended } = await localProvider({
    generateImages: async () => [png],
    maxImages: 1,
  });
  const link = (await ended(await accepted())).output.results[0].url;

  await ended(await accepted());

  await expect.poll(async () => (await fetch(link)).status).toBe(403);
});
