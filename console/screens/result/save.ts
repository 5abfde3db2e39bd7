import { fetchPicture } from '../../pictures/picture.ts';

const endings: Readonly<Record<string, string>> = {
  'image/png': 'png',
  'image/jpeg': 'jpg',
  'image/webp': 'webp',
};

const fileName = (blob: Blob, name: string): string => `${name}.${endings[blob.type] ?? 'img'}`;

/** Lets the browser save a file. For a picture, the name is given without its extension. */
export function saveAs(blob: Blob, name: string): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(blob);
  link.download = fileName(blob, name).replace(/\.img$/, '');
  link.click();
  // The browser reads it after the click.
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

/** A file of a zip. */
export type ZipFile = { readonly name: string; readonly input: Blob };

/** An image of a task, counted from 1, as a file of a zip. */
export const imageFile = (taskId: string, n: number, input: Blob): ZipFile => ({
  name: fileName(input, `${taskId}-${n}`),
  input,
});

/** Saves files as one zip file. */
export async function saveZip(files: readonly ZipFile[], name: string): Promise<void> {
  const { downloadZip } = await import('client-zip');
  saveAs(await downloadZip(files).blob(), `${name}.zip`);
}

/** Saves all images of a task as one zip file. */
export async function saveAll(taskId: string, links: readonly string[]): Promise<void> {
  const pictures = await Promise.all(links.map(fetchPicture));
  await saveZip(
    pictures.map((input, index) => imageFile(taskId, index + 1, input)),
    taskId,
  );
}
