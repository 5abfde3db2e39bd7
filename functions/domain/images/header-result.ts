import { formatList, type ImageFormat } from '../model/image-format.ts';

/** What a decoder sees of a picture. Sides in pixels. The pixels themselves are never decoded. */
export type Header = {
  readonly format: ImageFormat;
  readonly width: number;
  readonly height: number;
  readonly alpha: boolean;
  readonly animated: boolean;
};

/** The file is no picture that we accept. `reason` completes "is …"; `advice` says what to do about it. */
export type InvalidImage = { readonly reason: string; readonly advice: string };

export type HeaderResult = Header | InvalidImage;

/** What the readers of the formats throw. `readImage` returns it. */
export class UnreadableImage extends Error {
  override readonly name = 'UnreadableImage';
  readonly invalid: InvalidImage;

  constructor(invalid: InvalidImage) {
    super(invalid.reason);
    this.invalid = invalid;
  }
}

const exportAgain = `export it as ${formatList} and send it again`;

export const damaged = (kind: string, why: string): UnreadableImage =>
  new UnreadableImage({ reason: `a damaged ${kind} (${why})`, advice: exportAgain });

/** The end of the file is missing. */
export const cutOff = (kind: string): UnreadableImage =>
  new UnreadableImage({
    reason: `a ${kind} that is cut off (it ends too early)`,
    advice: 'send the whole file',
  });

/** A picture in a format that we do not accept. */
export const unsupported = (reason: string): UnreadableImage =>
  new UnreadableImage({ reason, advice: exportAgain });

/** Text or data in the place of a picture. */
export const notAPicture = (reason: string): UnreadableImage =>
  new UnreadableImage({ reason, advice: 'send the picture itself' });
