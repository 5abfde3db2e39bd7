import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmdirSync, rmSync } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** How long a result and its job can be fetched. */
export const resultLifetimeMs = 24 * 60 * 60 * 1000;

/** A generated image, which is on disk. */
export type StoredImage = { readonly file: string; readonly bytes: number };

type ResultFilesOptions = {
  readonly maxImages?: number | undefined;
  readonly directory?: string | undefined;
};

export type ResultFiles = ReturnType<typeof resultFiles>;

/**
 * The latest generated images, on disk: in memory they would add up to gigabytes. Those that an earlier process left in
 * `directory` are deleted, and nothing else in it. Without it they are in a temporary folder.
 */
export function resultFiles({ maxImages = 500, directory }: ResultFilesOptions = {}) {
  let openDirectory: string | undefined;
  let isClosed = false;
  const stored: StoredImage[] = [];
  if (directory !== undefined) deleteImages(directory);

  return {
    /** Stores an image, and deletes the oldest one if there are too many. @throws after `close` */
    async store(png: Buffer): Promise<StoredImage> {
      if (isClosed) throw new Error('The mock provider is closed.');
      openDirectory ??= createDirectory(directory);
      const image = { file: join(openDirectory, `${randomUUID()}.png`), bytes: png.length };
      await writeFile(image.file, png);
      stored.push(image);
      const oldest = stored.splice(0, Math.max(0, stored.length - maxImages));
      await Promise.all(oldest.map(({ file }) => rm(file, { force: true })));
      return image;
    },
    /** `undefined` for an image that has been deleted. */
    read: ({ file }: StoredImage): Promise<Buffer | undefined> =>
      readFile(file).catch(() => undefined),
    close(): void {
      isClosed = true;
      if (openDirectory) deleteImages(openDirectory);
    },
  };
}

function createDirectory(directory: string | undefined): string {
  if (directory === undefined) return mkdtempSync(join(tmpdir(), 'mock-provider-'));
  mkdirSync(directory, { recursive: true });
  return directory;
}

const imageName = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\.png$/;

/** Deletes the images, and the directory unless it holds something else. */
function deleteImages(directory: string): void {
  if (!existsSync(directory)) return;
  const names = readdirSync(directory);
  const images = names.filter((name) => imageName.test(name));
  for (const name of images) rmSync(join(directory, name), { force: true });
  if (images.length === names.length) rmdirSync(directory);
}
