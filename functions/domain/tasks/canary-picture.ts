import { readImage } from '../images/read-image.ts';
import { sandboxOutput } from '../images/sandbox-output.ts';

/** What the canary uploads: a white PNG of 512 × 512 pixels with one bit each, 197 bytes. */
export const canaryPicture: Uint8Array = Buffer.from(
  [
    'iVBORw0KGgoAAAANSUhEUgAAAgAAAAIAAQAAAADcA+lXAAAAjElEQVR42u3MMQ0AAAwDoPo33YrYtQQEkB5FIBAIBAKBQCAQCAQC',
    'gUAgEAgEAoFAIBAIBAKBQCAQCAQCgUAgEAgEAoFAIBAIBAKBQCAQCAQCgUAgEAgEAoFAIBAIBAKBQCAQCAQCgUAgEAgEAoFAIBAI',
    'BAKBQCAQCAQCgUAgEAgEAoFAIBAIBAKB4HcwNvqHcg2WKzYAAAAASUVORK5CYII=',
  ].join(''),
  'base64',
);
export const canaryContentType = 'image/png';

/** What the sandbox has to return for it, byte by byte. */
export function expectedResult(picture = canaryPicture): Uint8Array {
  const file = {
    size: picture.length,
    read: (from: number, bytes: number) => picture.subarray(from, from + bytes),
  };
  const header = readImage(file);
  if ('reason' in header) throw new Error(`the picture of the canary is ${header.reason}`);
  return Buffer.concat([...sandboxOutput(file, header)]);
}
