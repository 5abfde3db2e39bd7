import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer, text } from 'node:stream/consumers';
import { describe, expect, onTestFinished, test } from 'vitest';
import { describedRoutes } from '../../support/openapi.ts';

// The samples of the document are run, and what they send is compared with what the document says.

const routes = Object.entries(describedRoutes);
/** The picture that the samples find as `cat.jpg`. */
const sample = readFileSync('cli/sample.jpg');
const key = `sk-dr-${'k'.repeat(43)}`;

type Sent = {
  readonly request: string;
  readonly key: string | undefined;
  readonly type: string | undefined;
  readonly body: unknown;
};

/** What each route of the document is sent by its sample, in the order of the document. */
const expected: readonly Sent[] = routes.map(([route, { parameters, requestBody, security }]) => {
  const [method, path = ''] = route.split(' ');
  const filled = path.replaceAll(/\{(\w+)\}/g, (_, name: string) =>
    String(parameters.find((one) => one.in === 'path' && one.name === name)?.example),
  );
  const query = new URLSearchParams(
    parameters
      .filter(({ in: place, example }) => place === 'query' && example !== undefined)
      .map(({ name, example }): [string, string] => [name, String(example)]),
  ).toString();
  const [[type = undefined, media = undefined] = []] = Object.entries(requestBody?.content ?? {});
  const example = Object.values(media?.examples ?? {})[0]?.value;
  return {
    request: `${method} ${filled}${query && `?${query}`}`,
    key: security.length > 0 ? `Bearer ${key}` : undefined,
    type,
    body:
      type === 'multipart/form-data'
        ? Object.assign({}, example, { file: sample.length })
        : example,
  };
});

/** A body as an object; a file in a form is its size. */
async function read(body: Buffer, type: string): Promise<unknown> {
  if (type === 'application/json') return JSON.parse(body.toString());
  const form = await new Response(new Uint8Array(body), {
    headers: { 'content-type': type },
  }).formData();
  return Object.fromEntries(
    [...form].map(([name, value]) => [name, typeof value === 'string' ? value : value.size]),
  );
}

/** Runs a program with a server that writes down what is sent to it. */
async function sentBy(command: string, args: readonly string[]): Promise<readonly Sent[]> {
  const sent: Sent[] = [];
  const server = createServer(async (request, response) => {
    const [type] = request.headers['content-type']?.split(';') ?? [];
    const body = await buffer(request);
    sent.push({
      request: `${request.method} ${request.url}`,
      key: request.headers.authorization,
      type: body.length === 0 ? undefined : type,
      body: body.length === 0 ? undefined : await read(body, request.headers['content-type'] ?? ''),
    });
    response.setHeader('content-type', 'application/json').end('{}');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const folder = mkdtempSync(join(tmpdir(), 'darkroom-samples-'));
  writeFileSync(join(folder, 'cat.jpg'), sample);
  onTestFinished(() => {
    server.close();
    rmSync(folder, { recursive: true });
  });
  const { port } = server.address() as AddressInfo;
  const child = spawn(command, args, {
    cwd: folder,
    env: { ...process.env, DARKROOM_URL: `http://127.0.0.1:${port}`, DARKROOM_KEY: key },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const [errors, [code]] = await Promise.all([text(child.stderr), once(child, 'close')]);
  expect([code, errors.replaceAll(/^.*(%|Dload|--:--).*$/gm, '').trim()]).toEqual([0, '']);
  return sent;
}

const sourcesOf = (label: string) =>
  routes.flatMap(([, { 'x-codeSamples': samples }]) =>
    samples.filter((sample) => sample.label === label).map(({ source }) => source),
  );

// Imports stand at the top of a module: what is left of each sample is a block of its own.
const importLine = /^import .*;\n+/gm;
const inOneModule = (sources: readonly string[]) => [
  ...new Set(sources.flatMap((source) => source.match(importLine) ?? [])),
  ...sources.map((source) => `{\n${source.replaceAll(importLine, '')}\n}\n`),
];

describe('the samples of all routes send what the document says', () => {
  test('for curl', async () => {
    const script = sourcesOf('curl').join('\n');
    expect(await sentBy('bash', ['-ec', script])).toEqual(expected);
  });

  test('for Node', async () => {
    const script = inOneModule(sourcesOf('Node')).join('');
    expect(await sentBy(process.execPath, ['--input-type=module', '--eval', script])).toEqual(
      expected,
    );
  });

  test('for Python', async ({ skip }) => {
    if (spawnSync('python3', ['--version']).status !== 0) skip('Python is not installed');
    const script = sourcesOf('Python').join('\n');
    expect(await sentBy('python3', ['-c', script])).toEqual(expected);
  });
});

test('there are samples for every route', () => {
  expect(sourcesOf('curl')).toHaveLength(routes.length);
  expect(routes.length).toBeGreaterThan(20);
});
