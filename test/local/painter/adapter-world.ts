import type { Access } from '../../../functions/provider/upstream.ts';
import type { Job, Progress, Provider } from '../../../functions/task/provider.ts';
import type { PainterOptions } from '../../../local/painter/server.ts';
import { someLink, world } from './world.ts';

/** A real adapter in front of the painter, whose clock stands still until it is moved. */
export async function adapterWorld<T extends Provider>(
  make: (access: Access & { readonly keysUrl: string }) => T,
  options: PainterOptions = {},
) {
  const { painter, clock, call } = await world(options);
  const provider = make({
    baseUrl: painter.url,
    apiKey: async () => 'any-key',
    keysUrl: `${painter.url}/.well-known/jwks.json`,
  });

  return {
    ...{ painter, clock, call, provider },
    submit: (more: Partial<Job> = {}) => provider.submit({ ...job, ...more }),
    counts: async () => (await call('GET', '/control')).body.counts,
    /** The first word on a job after its time that is not "running": painting takes what it takes. */
    async ended(ticket: string): Promise<Progress> {
      clock.now += 100_000;
      let progress = await provider.poll(ticket);
      while (progress.state === 'running') progress = await provider.poll(ticket);
      return progress;
    },
  };
}

const job: Job = {
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

/** The pictures that a finished job has links to. */
export const fetched = async (progress: Progress) =>
  Promise.all(
    (progress.state === 'succeeded' ? progress.images : []).map(async (image) => {
      const response = await fetch('url' in image ? image.url : '');
      return Buffer.from(await response.arrayBuffer());
    }),
  );
