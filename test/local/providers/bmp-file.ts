import sharp from 'sharp';

/** A picture as a BMP file; with a negative height when its first line comes first. */
export async function bmpOf(bytes: Buffer, bits: 24 | 32, { isTopDown = false } = {}) {
  const { data, info } = await sharp(bytes).raw().toBuffer({ resolveWithObject: true });
  const { width, height } = info;
  const stride = Math.ceil((width * bits) / 32) * 4;
  const header = Buffer.alloc(54);
  header.write('BM');
  header.writeUInt32LE(54 + stride * height, 2);
  header.writeUInt32LE(54, 10);
  header.writeUInt32LE(40, 14);
  header.writeInt32LE(width, 18);
  header.writeInt32LE(isTopDown ? -height : height, 22);
  header.writeUInt16LE(1, 26);
  header.writeUInt16LE(bits, 28);
  const lines = Array.from({ length: height }, (_, y) => {
    const line = Buffer.alloc(stride);
    for (let x = 0; x < width; x += 1) {
      const [red = 0, green = 0, blue = 0] = data.subarray((y * width + x) * 3);
      line.set([blue, green, red], x * (bits / 8));
    }
    return line;
  });
  return Buffer.concat([header, ...(isTopDown ? lines : lines.reverse())]);
}
