import { readFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, describe, expect, inject, test } from 'vitest';
import { type ProviderName, providerNames } from '../../functions/task/provider.ts';
import { openWorld, type World } from './open-world.ts';
import { type Receiver, servePictures } from './receiver.ts';
import { painting } from './world.ts';

// The same tasks with every provider, each in its own protocol.

let pictures: Receiver;
beforeAll(async () => {
  pictures = await servePictures({ '/sample.jpg': readFileSync('cli/sample.jpg') });
});
afterAll(() => pictures?.close());

const wish = (more: object = {}) => ({
  ...{ prompt: 'Put on a little snow', size: '768x768', image_urls: [`${pictures.url}/sample.jpg`] },
  ...more,
});
const paintedBy = (...providers: readonly ProviderName[]) =>
  openWorld({ outdir: inject('outdir'), parameters: { Providers: providers.join(',') } });
const callsBack: readonly ProviderName[] = ['evolink', 'fal'];

describe.each(providerNames)('with %s', (provider) => {
  let world: World;
  beforeAll(async () => {
    world = await paintedBy(provider);
  });
  afterAll(() => world?.close());
  afterEach(() => painting(world, { submit: 'ok', poll: 'ok', outcome: 'succeeded', times: 0 }));

  const painted = async (more?: object) => {
    const { body } = await world.create(wish(more));
    return { task: await world.ended(body.id), row: await world.dynamoItem(body.id) };
  };

  test('a task is painted, fetched and charged', async () => {
    const { task, row } = await painted({ n: 2 });

    expect(task).toMatchObject({ status: 'completed', usage: { credits_used: 2.4 } });
    expect(task.results).toHaveLength(2);
    const image = await fetch(task.results[0]);
    expect(image.headers.get('content-type')).toBe('image/png');
    expect(row).toMatchObject({ provider });
    expect(row).not.toHaveProperty('wording');
  });
});
