import { fetchPicture } from '../../pictures/picture.ts';

const endings: Readonly<Record<string, string>> = {
  'image/png': 'png',
  'image/jpeg': 'jpg',
  'image/webp': 'webp',
};

const fileName = (blob: Blob, name: string): string => `${name}.${endings[blob.type] ?? 'img'}`;

/** Has the browser save a file. The name has no ending yet for a picture. */
export function saveAs(blob: Blob, name: string): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(blob);
  link.download = fileName(blob, name).replace(/\.img$/, '');
  link.click();
  // The browser reads it after the click.
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

/** Saves all images of a task as one zip file. */
export async function saveAll(taskId: string, links: readonly string[]): Promise<void> {
  const { downloadZip } = await import('client-zip');
  const pictures = await Promise.all(links.map(fetchPicture));
  const files = pictures.map((input, index) => ({
    name: fileName(input, `${taskId}-${index + 1}`),
    input,
  }));
  saveAs(await downloadZip(files).blob(), `${taskId}.zip`);
}
