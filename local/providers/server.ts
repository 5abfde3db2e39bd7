import { randomUUID } from 'node:crypto';
import { createServer, type RequestListener } from 'node:http';
import { listen } from '../aws/listen.ts';
import { callbacks, type InterceptCallback } from './callbacks.ts';
import { type CapacityChange, type ProviderLoad, providerLoad } from './capacity.ts';
import { type Change, control } from './control.ts';
import { change, reset, resetUsage, sample, show } from './control-routes.ts';
import { imageGenerator } from './generate-images.ts';
import { json, type ProviderRequest, type ProviderResponse, readRequest, send } from './http.ts';
import { type GenerateImages, jobs } from './jobs.ts';
import { type ProviderName, protocols } from './protocols.ts';
import { ProviderError } from './provider-error.ts';
import { resultFiles } from './result-files.ts';
import { sendResult } from './results.ts';
import type { OwnProtocol, Protocol, ServerContext } from './route.ts';
import { links } from './signed-links.ts';

export type MockProviderOptions = {
  /** How long a job takes. */
  readonly seconds?: number;
  /** Divides every duration. */
  readonly speed?: number;
  /** Milliseconds since 1970: jobs progress and requests are limited by this clock. */
  readonly now?: () => number;
  /** The limits of the providers at the start; without it there are none. */
  readonly capacity?: Readonly<Partial<Record<ProviderName, CapacityChange[string]>>>;
  /** How many generated images are kept, the latest ones. */
  readonly maxImages?: number;
  /** Holds the generated images and nothing else; it is emptied at the start. Without it, a temporary folder does. */
  readonly directory?: string;
  /** Replaces the image generator, for measurements of something else. */
  readonly generateImages?: GenerateImages;
  /** Delivers the callbacks; without it each is delivered once. */
  readonly interceptCallback?: InterceptCallback;
};

/** A mock provider that is mounted on somebody else's server. */
export type MountedMockProvider = {
  /** The public URL. Every link in a response lies below it. */
  readonly url: string;
  /** Handles a request whose path begins with that of `url`. */
  readonly handle: RequestListener;
  /** The same jobs at a second public URL: requests there get links below that URL. */
  handlerAt(url: string): RequestListener;
  /** Waits until the images of all started jobs are there. A test that moves the clock has to wait for them. */
  generated(): Promise<void>;
  /** The same as `POST /control`. @throws {ProviderError} when a value is not allowed */
  control(change: Change): void;
  close(): void;
};

/** A mock provider with a port of its own. */
export type MockProvider = Omit<MountedMockProvider, 'handle' | 'close'> & {
  close(): Promise<void>;
};

// These routes belong to no provider.
const ownRoutes: OwnProtocol = {
  routes: [
    ['GET', /^\/results\/([^/]+)\/(\d)\.png$/, sendResult],
    ['GET', /^\/sample\.jpg$/, sample],
    ['GET', /^\/control$/, show],
    ['POST', /^\/control$/, change],
    ['DELETE', /^\/control$/, reset],
    ['DELETE', /^\/control\/usage$/, resetUsage],
  ],
  errorResponse: ({ status, code, message }) =>
    json(status, { request_id: randomUUID(), code, message }),
};

/**
 * A mock provider, to be mounted on a server. It has the APIs of all providers in `protocols.ts`, and really
 * edits the images that it gets. How long jobs take and whether they fail is set by `/control`.
 */
export function mockProvider({
  url,
  seconds = 4,
  speed = 1,
  now = Date.now,
  capacity = {},
  maxImages,
  directory,
  generateImages = imageGenerator(),
  interceptCallback,
}: MockProviderOptions & {
  /** The public URL, with the path under which the mock provider is mounted. */
  readonly url: string;
}): MountedMockProvider {
  const initial: CapacityChange = capacity;
  const providers = Object.entries(protocols).map(([provider, protocol]) => ({
    provider,
    protocol: protocol(now),
    load: providerLoad({ now, speed }, initial[provider]),
  }));
  const loads = Object.fromEntries(providers.map(({ provider, load }) => [provider, load]));
  const results = resultFiles({ maxImages, directory });
  const allJobs = jobs({ now, speed, generateImages, loads, results });
  const shared = {
    jobs: allJobs,
    loads,
    results,
    control: control(seconds, loads, allJobs.advance),
    links: links(now),
    callbacks: callbacks(speed, interceptCallback),
    now,
    counts: { submits: 0, accepted: 0, polls: 0, cancels: 0 },
  };
  const served = [ownRoutes, ...providers.map(withItsContext)];
  const handlerAt = (publicUrl: string): RequestListener => {
    const baseUrl = withoutSlash(publicUrl);
    const context = { ...shared, urlOf: (path: string) => `${baseUrl}${path}` };
    return (request, response) => {
      void readRequest(request, baseUrl)
        .then((providerRequest) => dispatch(context, served, providerRequest))
        .catch((thrown: unknown) => toErrorResponse(ownRoutes, thrown, request.method ?? 'GET'))
        .then((providerResponse) => send(response, providerResponse));
    };
  };
  return {
    url: withoutSlash(url),
    handle: handlerAt(url),
    handlerAt,
    generated: allJobs.generated,
    control: shared.control.change,
    close() {
      shared.jobs.close();
      shared.callbacks.close();
      results.close();
    },
  };
}

/** The routes of a provider, which get its name and its load. */
const withItsContext = ({ protocol, ...own }: ServedProvider): OwnProtocol => ({
  ...protocol,
  routes: protocol.routes.map(([method, path, route]) => [
    method,
    path,
    (context, request, id, n) => route({ ...context, ...own }, request, id, n),
  ]),
});

type ServedProvider = {
  readonly provider: string;
  readonly protocol: Protocol;
  readonly load: ProviderLoad;
};

const withoutSlash = (url: string): string => url.replace(/\/$/, '');

/** Starts a mock provider at a port of 127.0.0.1. */
export async function startMockProvider({
  port = 0,
  ...options
}: MockProviderOptions & { readonly port?: number } = {}): Promise<MockProvider> {
  const server = createServer();
  const { url, close } = await listen(server, port);
  const { handle, ...provider } = mockProvider({ ...options, url });
  server.on('request', handle);
  return {
    ...provider,
    close() {
      provider.close();
      return close();
    },
  };
}

async function dispatch(
  context: ServerContext,
  protocols: readonly OwnProtocol[],
  request: ProviderRequest,
): Promise<ProviderResponse> {
  const found = findRoute(protocols, request);
  if (!found) {
    return json(404, {
      code: 'NotFound',
      message: `${request.method} ${request.path} does not exist.`,
    });
  }
  const { protocol, route, id, n } = found;
  try {
    return await route(context, request, id, n);
  } catch (thrown) {
    return toErrorResponse(protocol, thrown, request.method);
  }
}

function findRoute(protocols: readonly OwnProtocol[], request: ProviderRequest) {
  for (const protocol of protocols) {
    for (const [method, path, route] of protocol.routes) {
      const match = method === request.method && path.exec(request.path);
      if (match) return { protocol, route, id: match[1] ?? '', n: match[2] ?? '' };
    }
  }
  return undefined;
}

function toErrorResponse(protocol: OwnProtocol, thrown: unknown, method: string): ProviderResponse {
  if (!(thrown instanceof ProviderError)) console.error('The mock provider crashed', thrown);
  const error = thrown instanceof ProviderError ? thrown : new ProviderError('InternalError');
  return protocol.errorResponse(error, method);
}
