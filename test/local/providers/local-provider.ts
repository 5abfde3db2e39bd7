import { once } from 'node:events';
import { createServer } from 'node:http';
import sharp from 'sharp';
import { onTestFinished } from 'vitest';
import { type MockProviderOptions, startMockProvider } from '../../../local/providers/server.ts';

/** A small red square in the middle of an even blue, as JPEG or as another format. */
export const redOnBlue = (side = 384, format: 'jpeg' | 'png' | 'webp' = 'jpeg'): Promise<Buffer> =>
  sharp({ create: { width: side, height: side, channels: 3, background: '#3a7fd0' } })
    .composite([
      {
        input: {
          create: { width: side / 2, height: side / 2, channels: 3, background: '#d02020' },
        },
      },
    ])
    .removeAlpha()
    .toFormat(format)
    .toBuffer();

export const dataLink = (bytes: Buffer, type = 'image/jpeg'): string =>
  `data:${type};base64,${bytes.toString('base64')}`;

export const someLink = dataLink(await redOnBlue());

/** A mock provider whose clock stands still until a test moves it. Jobs take 100 seconds. */
export async function localProvider(options: MockProviderOptions = {}) {
  const clock = { now: Date.parse('2026-03-01T02:00:00Z') };
  const mockProvider = await startMockProvider({ seconds: 100, now: () => clock.now, ...options });
  onTestFinished(() => mockProvider.close());
  const headers = { authorization: 'Bearer sk-any', 'x-dashscope-async': 'enable' };

  const call = async (method: string, path: string, body?: unknown, more = {}) => {
    const response = await fetch(new URL(path, mockProvider.url), {
      method,
      headers: { ...headers, ...more },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status: response.status, body: JSON.parse(await response.text()) };
  };
  const submit = (parameters: object = {}, input: object = {}, more = {}) =>
    call(
      'POST',
      '/api/v1/services/aigc/image2image/image-synthesis',
      createRequest(parameters, input),
      more,
    );
  const poll = (id: string, more = {}) => call('GET', `/api/v1/tasks/${id}`, undefined, more);

  return {
    mockProvider,
    clock,
    call,
    submit,
    poll,
    accepted: async (parameters: object = {}, input: object = {}): Promise<string> =>
      (await submit(parameters, input)).body.output.task_id,
    cancel: (id: string) => call('POST', `/api/v1/tasks/${id}/cancel`),
    /** Polls after the job's duration until it no longer runs: generating the images takes real time. */
    async ended(id: string) {
      clock.now += 100_000;
      let answer = await poll(id);
      while (answer.body.output.task_status === 'RUNNING') answer = await poll(id);
      return answer.body;
    },
  };
}

export const createRequest = (parameters: object = {}, input: object = {}) => ({
  model: 'wan2.5-i2i-preview',
  input: { prompt: 'black and white', images: [someLink], ...input },
  parameters: { n: 1, size: '768*768', ...parameters },
});

/** Serves the pictures by name, records the requested names, and responds with 404 to any other. */
export async function pictureHost(pictures: Readonly<Record<string, Buffer>>) {
  const requested: string[] = [];
  const server = createServer((request, response) => {
    const name = (request.url ?? '').slice(1);
    requested.push(name);
    response.statusCode = pictures[name] ? 200 : 404;
    response.end(pictures[name]);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  return { requested, link: (name: string) => `http://127.0.0.1:${port}/${name}` };
}
