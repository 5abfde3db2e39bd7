import type { ImageLimits } from '../../../functions/task/models.ts';

export const limits: ImageLimits = { maxBytes: 10 * 1024 * 1024, minSide: 384, maxSide: 5000 };

/** A file that remembers what was read of it. It may be longer than its bytes: zeros follow. */
export function counting(file: Uint8Array, least = 0) {
  const size = Math.max(file.length, least);
  const reads: { from: number; bytes: number }[] = [];
  return {
    reads,
    read: async (from: number, bytes: number) => {
      reads.push({ from, bytes });
      const piece = Buffer.alloc(Math.max(0, Math.min(bytes, size - from)));
      piece.set(file.subarray(from, from + bytes));
      return { bytes: piece, size };
    },
    /** At most three reads, one behind the other, and no more than a megabyte in all. */
    isModest: () => {
      const total = reads.reduce((sum, { bytes }) => sum + bytes, 0);
      return (
        reads.length <= 3 &&
        total <= 1 << 20 &&
        reads.every(({ from }, index) => {
          const before = reads[index - 1];
          return from === (before ? before.from + before.bytes : 0);
        })
      );
    },
  };
}
