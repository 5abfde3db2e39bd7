import { providerAdapters } from '../../../functions/adapters/providers/registry.ts';
import { defaultModel, type LiveProviderName } from '../../../functions/domain/model/catalogue.ts';
import type { Job, Progress } from '../../../functions/domain/model/provider.ts';
import type { MockProviderOptions } from '../../../local/providers/server.ts';
import { localProvider, someLink } from './local-provider.ts';

/** A real adapter with the mock provider, whose clock stands still until a test moves it. */
export async function adapterWithProvider(
  name: LiveProviderName,
  options: MockProviderOptions = {},
) {
  const { mockProvider, clock, call } = await localProvider(options);
  const provider = providerAdapters[name].createClient({
    baseUrl: mockProvider.url,
    apiKey: async () => 'any-key',
  });
  const model = defaultModel.providers[name]?.model ?? '';

  return {
    mockProvider,
    clock,
    call,
    provider,
    submit: (more: Partial<Job> = {}) => provider.submit({ ...job, model, ...more }),
    counts: async () => (await call('GET', '/control')).body.counts,
    /** Polls after the job's duration until it no longer runs: generating the images takes real time. */
    async ended(ticket: string): Promise<Progress> {
      clock.now += 100_000;
      let progress = await provider.poll(ticket);
      while (progress.state === 'running') progress = await provider.poll(ticket);
      return progress;
    },
  };
}

const job: Omit<Job, 'model'> = {
  taskId: 'task-unified-1757156493-imcg5zqt',
  prompt: 'black and white',
  images: [someLink],
  n: 1,
  options: { size: '768x768' },
};

export const thrownBy = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => Promise.reject(new Error('nothing was thrown')),
    (thrown: unknown) => thrown,
  );

/** Fetches the images of a finished job. */
export const fetched = async (progress: Progress) =>
  Promise.all(
    (progress.state === 'succeeded' ? progress.images : []).map(async (image) => {
      const response = await fetch('url' in image ? image.url : '');
      return Buffer.from(await response.arrayBuffer());
    }),
  );
