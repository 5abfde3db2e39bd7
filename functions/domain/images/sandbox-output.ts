import type { Header } from './header-result.ts';
import type { ImageFile } from './image-file.ts';
import { withText } from './with-text.ts';

const sandboxText = 'Darkroom sandbox output: this picture is the input, returned in test mode.';

/** The result of a test task: its input, with a text in the file that says so. `picture` is what `readImage` says of it. */
export const sandboxOutput = (file: ImageFile, picture: Header): Iterable<Uint8Array> =>
  withText(file, picture, sandboxText);
