/** What the header of a picture says. Sides in pixels; the pixels themselves were not looked at. */
export type Header = {
  readonly format: 'jpeg' | 'png' | 'webp' | 'bmp';
  readonly width: number;
  readonly height: number;
  readonly alpha: boolean;
  readonly animated: boolean;
};

/** Ask again with at least this many bytes from the start of the file. */
export type Need = { readonly need: number };

/** `reason` completes "is …". */
export type Unreadable = { readonly reason: string };

export type Reading = Header | Need | Unreadable;

/** The bytes of a file up to some point, and how many the whole file has. */
export type Start = { readonly bytes: Buffer; readonly size: number };

export const damaged = (kind: string, why: string): Unreadable => ({
  reason: `a damaged ${kind} (${why})`,
});

/** What to answer while the bytes up to `end` are not at hand; `undefined` when they are. */
export function missing(start: Start, end: number, kind: string): Need | Unreadable | undefined {
  if (end <= start.bytes.length) return undefined;
  return end <= start.size ? { need: end } : damaged(kind, 'it ends too early');
}
