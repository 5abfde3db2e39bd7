import { once } from 'node:events';
import { createServer } from 'node:http';
import { expect, onTestFinished, test } from 'vitest';
import { webhookVerifier } from '../../../functions/adapters/providers/fal/webhook-signature.ts';
import { mockProvider } from '../../../local/providers/server.ts';
import { callbackReceiver } from './callback-receiver.ts';
import { createRequest, localProvider, redOnBlue, someLink } from './local-provider.ts';

const dashscopePath = '/api/v1/services/aigc/image2image/image-synthesis';

/** A mock provider below `/mock` of a server that has routes of its own. */
async function mounted() {
  const server = createServer((request, response) => {
    if (request.url?.startsWith('/mock/')) provider.handle(request, response);
    else response.writeHead(418).end('{}');
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  const origin = `http://127.0.0.1:${port}`;
  const clock = { now: Date.parse('2026-03-01T02:00:00Z') };
  const provider = mockProvider({
    url: `${origin}/mock/`,
    seconds: 100,
    now: () => clock.now,
    generateImages: async () => [await redOnBlue(384, 'png')],
  });
  onTestFinished(() => {
    provider.close();
    server.closeAllConnections();
    server.close();
  });
  const call = async (url: string, scheme = 'Bearer', body?: object) => {
    const response = await fetch(url, {
      headers: { authorization: `${scheme} k`, 'x-dashscope-async': 'enable' },
      ...(body && { method: 'POST', body: JSON.stringify(body) }),
    });
    return { status: response.status, body: JSON.parse(await response.text()) };
  };
  return { origin, url: provider.url, clock, call };
}

test('a DashScope task is created and queried below the path, and its result lies there', async () => {
  const { origin, url, clock, call } = await mounted();
  expect(url).toBe(`${origin}/mock`);

  const { body } = await call(url + dashscopePath, 'Bearer', createRequest());
  clock.now += 100_000;
  const query = () => call(`${url}/api/v1/tasks/${body.output.task_id}`);
  await expect.poll(query).toMatchObject({ body: { output: { task_status: 'SUCCEEDED' } } });

  const link = (await query()).body.output.results[0].url;
  expect(link).toContain(`${url}/results/`);
  const result = await fetch(link);
  expect(result.headers.get('content-type')).toBe('image/png');
  expect((await fetch(link.replace('/mock/', '/mock/mock/'))).status).toBe(404);
});

test('an EvoLink task has its results below the path, also in its callback', async () => {
  const { url, clock, call } = await mounted();
  const { received, callbackUrl } = await callbackReceiver();
  const request = { model: 'wan2.5-image-to-image', prompt: 'x', image_urls: [someLink] };

  const { body } = await call(`${url}/v1/images/generations`, 'Bearer', {
    ...request,
    callback_url: callbackUrl,
  });
  clock.now += 100_000;
  const query = () => call(`${url}/v1/tasks/${body.id}`);
  await expect.poll(query).toMatchObject({ body: { status: 'completed' } });

  await expect.poll(() => received).toHaveLength(1);
  expect(JSON.parse(received[0]?.body ?? '').results[0]).toContain(`${url}/results/`);
});

test('a fal request has its links below the path, and so has the key of its webhooks', async () => {
  const { url, clock, call } = await mounted();
  const { received, callbackUrl, plain } = await callbackReceiver();
  const webhook = new URLSearchParams({ fal_webhook: callbackUrl });
  const submit = `${url}/fal-ai/wan-25-preview/image-to-image?${webhook}`;

  const { body: links } = await call(submit, 'Key', { prompt: 'x', image_urls: [someLink] });
  expect(links.cancel_url).toContain(`${url}/fal-ai/wan-25-preview/requests/`);
  expect(await call(links.response_url, 'Key')).toMatchObject({ status: 400 });
  clock.now += 100_000;
  await expect
    .poll(() => call(links.status_url, 'Key'))
    .toMatchObject({ body: { status: 'COMPLETED', response_url: links.response_url } });

  const { body: result } = await call(links.response_url, 'Key');
  expect(result.images[0].url).toContain(`${url}/results/`);
  await expect.poll(() => received).toHaveLength(1);
  const keysUrl = `${url}/.well-known/jwks.json`;
  const verify = webhookVerifier({ keysUrl, now: () => clock.now });
  expect(await verify(plain(received[0]))).toBe(true);
});

test('the sample and the control routes are below the path, and only there', async () => {
  const { origin, url } = await mounted();

  expect((await fetch(`${url}/sample.jpg`)).headers.get('content-type')).toBe('image/jpeg');
  expect((await fetch(`${url}/control`)).status).toBe(200);
  expect((await fetch(`${url}/`)).status).toBe(404);
  expect((await fetch(`${origin}/control`)).status).toBe(418);
});

test('at a second URL there are the same jobs, with links below that URL', async () => {
  const { mockProvider: provider, accepted, ended } = await localProvider();
  const id = await accepted();
  const first = await ended(id);
  const server = createServer((request, response) => second(request, response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  const secondUrl = `http://127.0.0.1:${port}/mock`;
  const second = provider.handlerAt(secondUrl);

  const response = await fetch(`${secondUrl}/api/v1/tasks/${id}`, {
    headers: { authorization: 'Bearer k' },
  });

  const link = JSON.parse(await response.text()).output.results[0].url;
  expect(link).toBe(first.output.results[0].url.replace(provider.url, secondUrl));
  expect((await fetch(link)).status).toBe(200);
});
