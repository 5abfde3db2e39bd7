/** A file with random access. A range is shorter than requested only at the end of the file. */
export type ImageFile = {
  /** In bytes. */
  readonly size: number;
  readonly read: (from: number, bytes: number) => Uint8Array;
};

const windowBytes = 64 * 1024;

/** The bytes of a file for a reader that walks through it. Only one window of 64 kB is in memory. */
export class FileWindow {
  readonly size: number;
  readonly #file: ImageFile;
  #start = 0;
  #bytes: Buffer = Buffer.alloc(0);

  constructor(file: ImageFile) {
    this.size = file.size;
    this.#file = file;
  }

  /** `length` bytes from `at` on, at most 64 kB; `undefined` when the file ends before. */
  slice(at: number, length: number): Buffer | undefined {
    if (at + length > this.size) return undefined;
    this.#moveTo(at, length);
    const from = at - this.#start;
    return this.#bytes.subarray(from, from + length);
  }

  /** The byte at `at`; `undefined` at the end of the file. */
  byte(at: number): number | undefined {
    if (at >= this.size) return undefined;
    this.#moveTo(at, 1);
    return this.#bytes[at - this.#start];
  }

  /** The pieces of a range, which must lie inside the file. */
  *pieces(from: number, to: number): Generator<Buffer> {
    for (let at = from; at < to; at += windowBytes) {
      const piece = this.slice(at, Math.min(windowBytes, to - at));
      if (piece) yield piece;
    }
  }

  /** The first `byte` from `from` on; `undefined` when there is none. */
  indexOf(byte: number, from: number): number | undefined {
    let at = from;
    while (at < this.size) {
      this.#moveTo(at, 1);
      const found = this.#bytes.indexOf(byte, at - this.#start);
      if (found >= 0) return this.#start + found;
      at = this.#start + this.#bytes.length;
    }
    return undefined;
  }

  #moveTo(at: number, length: number): void {
    if (at >= this.#start && at + length <= this.#start + this.#bytes.length) return;
    const bytes = this.#file.read(at, Math.min(windowBytes, this.size - at));
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#start = at;
    if (this.#bytes.length < length) throw new Error('the file is shorter than its size');
  }
}
