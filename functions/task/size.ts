// What the model's provider takes (DashScope, wan2.5 image edit): 768*768 to 1280*1280 pixels in
// all, sides from 1:4 to 4:1.
const pixels = { least: 768 * 768, most: 1280 * 1280 };
const ratio = { least: 1 / 4, most: 4 };

export const sizeRule =
  'size must be like 1280x1280: 768x768 to 1280x1280 pixels in all, sides between 1:4 and 4:1';

export function sizeFits(text: string): boolean {
  const [, width, height] = /^(\d{2,4})[x*](\d{2,4})$/.exec(text)?.map(Number) ?? [];
  if (!width || !height) return false;
  const area = width * height;
  const shape = width / height;
  return area >= pixels.least && area <= pixels.most && shape >= ratio.least && shape <= ratio.most;
}
