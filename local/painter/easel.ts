import { fetchPicture } from './fetch-picture.ts';
import type { Order } from './order.ts';
import { type Canvas, edit } from './paint/edit.ts';
import type { Picture } from './paint/picture.ts';
import { hashOf } from './paint/random.ts';

const usualPixels = 1280 * 1280;

/** Makes orders into PNGs, one at a time: two at once would bring a laptop to a halt. */
export function easel() {
  let turn: Promise<unknown> = Promise.resolve();

  /**
   * Every variant of an order. The same order always gives the same pictures.
   * @throws {Refusal} when an input picture cannot be had or used
   */
  return async (order: Order): Promise<readonly Buffer[]> => {
    const [first, ...others] = await Promise.all(order.images.map(fetchPicture));
    if (!first) return [];
    const painted = turn.then(() => paintAll([first, ...others], order));
    turn = painted.catch(() => undefined);
    return painted;
  };
}

async function paintAll(
  pictures: readonly [Picture, ...Picture[]],
  order: Order,
): Promise<readonly Buffer[]> {
  const { prompt, n, isWatermarked } = order;
  const canvas = order.canvas ?? canvasLike(pictures.at(-1) ?? pictures[0]);
  const firstSeed = order.seed ?? hashOf(prompt);
  const painted: Buffer[] = [];
  for (let variant = 0; variant < n; variant += 1) {
    const look = { prompt, seed: firstSeed + variant };
    painted.push(await edit(pictures, canvas, look, { isWatermarked }));
  }
  return painted;
}

/** The ratio of the last input, in the vendor's 1280*1280 pixels and between 1:4 and 4:1. */
function canvasLike({ width, height }: Picture): Canvas {
  const ratio = Math.min(4, Math.max(1 / 4, width / height));
  return {
    width: Math.floor(Math.sqrt(usualPixels * ratio)),
    height: Math.floor(Math.sqrt(usualPixels / ratio)),
  };
}
