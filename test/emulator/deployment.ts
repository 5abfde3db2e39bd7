import { execFile } from 'node:child_process';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import * as z from 'zod';
import { imageGenerator } from '../../local/providers/generate-images.ts';
import { ProviderError } from '../../local/providers/provider-error.ts';
import { type MockProvider, startMockProvider } from '../../local/providers/server.ts';
import { type Body, until } from '../flow/open-stack.ts';
import { flatImage } from '../support/flat-image.ts';
import { type Emulator, startEmulator } from './emulator.ts';
import { type HttpResponse, send } from './http-client.ts';
import { runPython } from './python.ts';

const Resource = z.object({ id: z.string(), status: z.string(), physicalId: z.string() });
const Deployed = z.object({
  resources: z.array(Resource),
  outputs: z.looseObject({ Url: z.string(), ProviderKeys: z.string(), FirstKey: z.string() }),
});

const Destroyed = z.object({ before: z.array(z.string()), left: z.array(z.string()) });

type Call = (
  method: string,
  path: string,
  body?: unknown,
  headers?: Readonly<Record<string, string>>,
) => Promise<HttpResponse>;

/** What a test does with an API key. */
export type Caller = {
  readonly call: Call;
  create(body: object, headers?: Readonly<Record<string, string>>): Promise<HttpResponse>;
  /** Polls a task until it has ended, and returns it. */
  endedTask(id: string): Promise<Body>;
};

export type Deployment = {
  readonly emulator: Emulator;
  readonly mockProvider: MockProvider;
  /** Every resource of the stack. */
  readonly resources: readonly z.output<typeof Resource>[];
  /** The name or ARN of a resource, by its logical id; the hash may be left out. @throws {Error} when there is none */
  physicalId(logicalId: string): string;
  readonly url: string;
  /** The keys that the commands in the README made. */
  readonly admin: Caller;
  readonly first: Caller;
  readonly webhookSecret: string;
  /** The same two keys, as they were printed. */
  readonly keys: { readonly admin: string; readonly first: string };
  /** What the deployment printed, by the names of the outputs. */
  readonly outputs: Readonly<Record<string, string>>;
  callerWith(apiKey: string): Caller;
  /** Deploys what is in another directory over it, with these parameters. */
  update(outdir: string, parameters: Readonly<Record<string, string>>): Promise<void>;
  /** Deletes the stack, and returns what was in the account before and what is left. */
  destroy(): Promise<z.output<typeof Destroyed>>;
  close(): Promise<void>;
};

const stackName = 'Darkroom-dev';

/** The prompt of a job that the mock provider refuses to finish. */
export const forbiddenPrompt = 'Something forbidden';

/** Deploys the stage `dev` into the emulator, as the README says: the stack, the providers' keys, the first keys. */
export async function deploy(context: {
  readonly outdir: string;
  readonly python: string;
}): Promise<Deployment> {
  await using started = new AsyncDisposableStack();
  const draw = imageGenerator(flatImage);
  const mockProvider = await startMockProvider({
    generateImages: async (request) => {
      if (request.prompt === forbiddenPrompt) throw new ProviderError('DataInspectionFailed');
      return draw(request);
    },
    // The API's name does not resolve on every system. The body of a webhook is not read, so an empty one is sent.
    interceptCallback: (url) => send('POST', new URL(url), {}, '{}'),
  });
  started.defer(mockProvider.close);
  const emulator = await startEmulator({
    python: context.python,
    origins: {
      'https://dashscope-intl.aliyuncs.com': mockProvider.url,
      'https://api.evolink.ai': mockProvider.url,
    },
  });
  started.defer(emulator.close);
  const { environment } = emulator;
  const python = (...args: readonly string[]) => runPython(args, { env: environment });
  const { resources, outputs } = Deployed.parse(
    JSON.parse(await python('test/emulator/deploy.py', context.outdir)),
  );
  await storeProviderKeys(environment, outputs.ProviderKeys, mockProvider.url);
  const [, functionName = ''] = /--function (\S+)/.exec(outputs.FirstKey) ?? [];
  const create = ['create', '--function', functionName];
  const operator = await makeKey(environment, [
    ...create,
    '--name',
    'operator',
    '--scope',
    'admin',
  ]);
  const first = await makeKey(environment, [...create, '--name', 'first', '--credits', '100']);
  const callerWith = (apiKey: string) => callerOf(outputs.Url, apiKey);
  const running = started.move();
  return {
    emulator,
    mockProvider,
    resources,
    physicalId(logicalId) {
      const pattern = new RegExp(`^${logicalId}([0-9A-F]{8})?$`);
      const found = resources.find(({ id }) => pattern.test(id));
      if (!found) throw new Error(`the stack has no ${logicalId}`);
      return found.physicalId;
    },
    url: outputs.Url,
    admin: callerWith(operator.apiKey),
    first: callerWith(first.apiKey),
    webhookSecret: operator.webhookSecret,
    keys: { admin: operator.apiKey, first: first.apiKey },
    outputs: z.record(z.string(), z.string()).parse(outputs),
    callerWith,
    update: async (outdir, parameters) => {
      const given = Object.entries(parameters).map(([name, value]) => `${name}=${value}`);
      await python('test/emulator/deploy.py', outdir, ...given);
    },
    destroy: async () =>
      Destroyed.parse(JSON.parse(await python('test/emulator/destroy.py', stackName))),
    close: () => running.disposeAsync(),
  };
}

/** Stores a key of each provider. The mock provider in its place accepts any key. */
async function storeProviderKeys(
  environment: Emulator['environment'],
  secret: string,
  url: string,
): Promise<void> {
  // One after the other: each reads the secret and writes it.
  for (const [provider, key] of [
    ['dashscope', 'sk-mock'],
    ['evolink', 'sk-evo-mock'],
  ] as const) {
    await keysCommand(environment, ['provider', provider, '--secret', secret, '--url', url], key);
  }
}

/** What an SDK client needs to talk to the emulator. */
export const clientOptions = (environment: Emulator['environment']) => ({
  endpoint: environment['AWS_ENDPOINT_URL'] ?? '',
  region: environment['AWS_REGION'] ?? '',
  credentials: {
    accessKeyId: environment['AWS_ACCESS_KEY_ID'] ?? '',
    secretAccessKey: environment['AWS_SECRET_ACCESS_KEY'] ?? '',
  },
});

/** Makes an API key, and reads it from the output. */
async function makeKey(environment: Emulator['environment'], args: readonly string[]) {
  const stdout = await keysCommand(environment, args);
  const field = (name: string) => new RegExp(`^${name}:?\\s+(\\S+)$`, 'm').exec(stdout)?.[1] ?? '';
  return { apiKey: field('API key'), webhookSecret: field('webhook secret') };
}

/** Runs `npm run keys -- …` with this text on its stdin, and returns what it prints. */
async function keysCommand(
  environment: Emulator['environment'],
  args: readonly string[],
  input = '',
): Promise<string> {
  const running = promisify(execFile)('npm', ['run', '--silent', 'keys', '--', ...args], {
    cwd: resolve('.'),
    env: { ...process.env, ...environment },
  });
  running.child.stdin?.end(input);
  return (await running).stdout;
}

function callerOf(url: string, apiKey: string): Caller {
  const call: Call = (method, path, body, headers = {}) =>
    send(
      method,
      new URL(path, url),
      { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json', ...headers },
      body === undefined || typeof body === 'string' ? body : JSON.stringify(body),
    );
  return {
    call,
    create: (body, headers) => call('POST', '/v1/images/generations', body, headers),
    endedTask: (id) =>
      waitFor(
        () => call('GET', `/v1/tasks/${id}`).then(({ body }) => body),
        ({ status }) => status === 'completed' || status === 'failed',
      ),
  };
}

/** As `until`, but each read is an invocation of a function in a process of its own. */
export const waitFor = <T>(read: () => Promise<T> | T, isDone: (value: T) => boolean): Promise<T> =>
  until(read, isDone, 500);
