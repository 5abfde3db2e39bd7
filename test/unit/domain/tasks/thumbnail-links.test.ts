import { expect, test } from 'vitest';
import { thumbnailLinks } from '../../../../functions/domain/tasks/thumbnails.ts';
import { completed, failed, processing } from '../../../support/tasks.ts';

const image = { key: 'results/x/1.png', contentType: 'image/png', bytes: 1 };
const url = (name: string) => ({ kind: 'url', url: `https://example.com/${name}` }) as const;
const inputs = [url('one.png'), url('two.bmp')];
const now = Date.UTC(2026, 0, 9);
const daysAgo = (days: number) => now - days * 24 * 60 * 60 * 1000;
const prepared = { at: daysAgo(2), formats: ['png', 'bmp'] } as const;

/** The links of a task in two buckets that have thumbnails of these numbers, and the buckets that were asked. */
function setUp({ ofInputs = [] as number[], ofResults = [] as number[] }) {
  const asked: string[] = [];
  const store = (name: string, numbers: readonly number[]) => ({
    links: async () => {
      asked.push(name);
      return new Map(numbers.map((number) => [number, `${name} ${number}`]));
    },
  });
  return {
    asked,
    linksOf: thumbnailLinks({
      inputs: store('input', ofInputs),
      results: store('result', ofResults),
      now: () => now,
    }),
  };
}

test('inputs are counted from 0 and images from 1, and what has no thumbnail has no link', async () => {
  const { linksOf } = setUp({ ofInputs: [0], ofResults: [2] });

  expect(await linksOf(completed({ inputs, prepared, images: [image, image, image] }))).toEqual({
    inputs: ['input 0', null],
    results: [null, 'result 2', null],
  });
});

test.each([processing({ inputs, prepared }), failed({ inputs, prepared })])(
  'a task without images has those of its inputs, and the bucket of images is not asked',
  async (task) => {
    const { linksOf, asked } = setUp({ ofInputs: [0, 1] });

    expect(await linksOf(task)).toEqual({ inputs: ['input 0', 'input 1'], results: [] });
    expect(asked).toEqual(['input']);
  },
);

test.each([undefined, { ...prepared, at: daysAgo(3) }])(
  'the bucket of inputs is not asked when it has no copies: %j',
  async (none) => {
    const { linksOf, asked } = setUp({ ofResults: [1] });

    expect(await linksOf(completed({ inputs, prepared: none, images: [image] }))).toEqual({
      inputs: [null, null],
      results: ['result 1'],
    });
    expect(asked).toEqual(['result']);
  },
);
