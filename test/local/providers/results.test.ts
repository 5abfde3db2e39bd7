import sharp from 'sharp';
import { describe, expect, test } from 'vitest';
import { dataLink, localProvider, redOnBlue } from './local-provider.ts';

async function generated(parameters: object = {}, input: object = {}) {
  const { accepted, ended, clock } = await localProvider();
  const { output } = await ended(await accepted(parameters, input));
  const [{ url, actual_prompt }] = output.results;
  return { clock, link: String(url), actualPrompt: actual_prompt };
}

test('a result is a PNG in the requested size, sent with its length', async () => {
  const { link, actualPrompt } = await generated({ size: '900*700', prompt_extend: false });

  const response = await fetch(link);
  const bytes = Buffer.from(await response.arrayBuffer());

  expect(response.headers.get('content-type')).toBe('image/png');
  expect(response.headers.get('content-length')).toBe(String(bytes.length));
  expect(await sharp(bytes).metadata()).toMatchObject({ format: 'png', width: 900, height: 700 });
  expect(actualPrompt).toBeUndefined();
});

test('without a size the image has the aspect ratio of the last input, with 1280*1280 pixels', async () => {
  const wide = sharp(await redOnBlue(768)).resize({ width: 768, height: 384, fit: 'fill' });
  const images = [dataLink(await redOnBlue()), dataLink(await wide.toBuffer())];
  const { link } = await generated({ size: undefined }, { images });

  const bytes = await (await fetch(link)).arrayBuffer();

  expect(await sharp(bytes).metadata()).toMatchObject({ width: 1810, height: 905 });
});

describe('a link', () => {
  test('works for 24 hours, and not when it was changed', async () => {
    const { link, clock } = await generated();
    const status = async (href: string) => (await fetch(href)).status;

    expect(await status(link.replace('/1.png', '/2.png'))).toBe(403);
    expect(await status(link.replace(/Expires=./, 'Expires=9'))).toBe(403);
    expect(await status(link.replace(/&Signature=.*/, ''))).toBe(403);

    clock.now += 24 * 3_600_000 - 1000;
    expect(await status(link)).toBe(200);
    clock.now += 1000;
    expect(await status(link)).toBe(403);
  });
});
