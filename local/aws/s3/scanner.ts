/** Reads a stream in the pieces that a protocol needs, and holds at most one chunk of it in memory. */
export type Scanner = {
  /** Yields everything before `delimiter` and skips the delimiter. */
  until(delimiter: string): AsyncGenerator<Buffer>;
  /** Yields the next `size` bytes. */
  next(size: number): AsyncGenerator<Buffer>;
};

/** `incomplete` makes the error for a stream that ends too early. */
export function scanner(source: AsyncIterable<Buffer>, incomplete: () => Error): Scanner {
  const chunks = source[Symbol.asyncIterator]();
  let held: Buffer = Buffer.alloc(0);

  const fill = async () => {
    const chunk = await chunks.next();
    if (chunk.done) throw incomplete();
    held = Buffer.concat([held, chunk.value]);
  };
  const cut = (size: number) => {
    const piece = held.subarray(0, size);
    held = held.subarray(size);
    return piece;
  };

  return {
    async *until(delimiter) {
      const length = Buffer.byteLength(delimiter);
      let at = held.indexOf(delimiter);
      while (at < 0) {
        // The end of a chunk may be the beginning of the delimiter.
        const safeBytes = held.length - length + 1;
        if (safeBytes > 0) yield cut(safeBytes);
        await fill();
        at = held.indexOf(delimiter);
      }
      if (at > 0) yield cut(at);
      cut(length);
    },

    async *next(size) {
      let missing = size;
      while (missing > 0) {
        if (held.length === 0) await fill();
        const piece = cut(missing);
        missing -= piece.length;
        yield piece;
      }
    },
  };
}

/** Reads one short piece completely, as text. */
export async function text(
  piece: AsyncIterable<Buffer>,
  limit: number,
  tooLong: () => Error,
): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of piece) {
    size += chunk.length;
    if (size > limit) throw tooLong();
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
