import { expect, test } from 'vitest';
import { defaultModel } from '../../../../functions/domain/model/catalogue.ts';
import { offeredProviders } from '../../../../functions/domain/providers/available-providers.ts';

const keysOf =
  (...names: readonly string[]) =>
  async () =>
    new Set(names);

test('the providers that have an API key are offered in the configured order', async () => {
  const offered = offeredProviders(['fal', 'evolink', 'dashscope'], keysOf('dashscope', 'fal'));

  expect(await offered(defaultModel.id)).toEqual(['fal', 'dashscope']);
});

test('a provider with an API key that is not configured is not offered', async () => {
  expect(await offeredProviders(['fal'], keysOf('dashscope', 'fal'))(defaultModel.id)).toEqual([
    'fal',
  ]);
});

test('without any API key no provider is offered', async () => {
  expect(await offeredProviders(['fal', 'dashscope'], keysOf())(defaultModel.id)).toEqual([]);
});
