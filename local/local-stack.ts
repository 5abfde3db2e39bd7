import { join } from 'node:path';
import type { HandledRequest } from './aws/http-api/http-api.ts';
import type { Intercept } from './aws/json-server.ts';
import type { InterceptEvent } from './aws/lambda/intercept-event.ts';
import type { PreludeOf } from './aws/lambda/prelude.ts';
import { type Listener, openListener } from './aws/listener.ts';
import { type Aws, type AwsOptions, startAws } from './aws/start-aws.ts';
import type { ExecutionEvent } from './aws/step-functions/history.ts';
import { readTemplate, type Template } from './aws/template/template.ts';
import type { InterceptCallback } from './providers/callbacks.ts';
import type { GenerateImages } from './providers/jobs.ts';
import { type MountedMockProvider, mockProvider } from './providers/server.ts';

export type LocalStackOptions = Pick<AwsOptions, 'limits' | 'dynamoDbLatency'> & {
  /** The directory that `cdk synth` wrote for the stage `local`. */
  readonly outdir: string;
  /** Everything that survives a restart is stored here. */
  readonly dataDir: string;
  /** The port of the API; without it a free one is taken. Whoever opened it closes it. */
  readonly listener?: Listener;
  /** Divides every wait: those of the workflow, of the mock provider and of the schedules. */
  readonly speed?: number;
  /** How long a job of the mock provider takes. */
  readonly jobSeconds?: number;
  /** Generates the images instead of the mock provider. */
  readonly generateImages?: GenerateImages | undefined;
  readonly onTransition?: (event: ExecutionEvent) => void;
  readonly onRequest?: (request: HandledRequest) => void;
  /** Gets every line that a function logs. With it the functions also log what goes well, which they do not on AWS. */
  readonly onLog?: (source: string, line: string) => void;
  /** Values for the template's parameters, where they differ from the stage's. */
  readonly parameters?: Readonly<Record<string, string>>;
  /** What a test runs in every sandbox before its function. */
  readonly prelude?: PreludeOf;
  /** Lets a test intercept events, requests and webhooks on their way. */
  readonly intercept?: Intercepts;
  /** Ends the start: what has been started is closed again, and the signal's reason is thrown. */
  readonly signal?: AbortSignal;
};

type Intercepts = {
  readonly event?: InterceptEvent;
  /** Gets the requests to Step Functions. */
  readonly request?: Intercept;
  /** Gets the webhooks of the mock provider. */
  readonly callback?: InterceptCallback;
};

export type LocalStack = Aws & {
  readonly mockProvider: Pick<MountedMockProvider, 'url' | 'control'>;
};

/** The path of the API's port below which the mock provider is. */
const mockPath = '/mock';

/**
 * Runs the synthesised stack with a mock provider, to which all of its parameters for providers point. A start
 * that fails closes what it has started.
 */
export async function startLocalStack(options: LocalStackOptions): Promise<LocalStack> {
  const { outdir, dataDir, speed = 1, signal, intercept = {} } = options;
  // Closed in the reverse order, also when something below does not start.
  await using started = new AsyncDisposableStack();
  const listener = options.listener ?? (await openListener(0));
  if (!options.listener) started.defer(listener.close);
  const mock = mockProvider({
    url: `${listener.url}${mockPath}`,
    speed,
    directory: join(dataDir, 'mock-provider'),
    ...(options.jobSeconds && { seconds: options.jobSeconds }),
    ...(options.generateImages && { generateImages: options.generateImages }),
    ...(intercept.callback && { interceptCallback: intercept.callback }),
  });
  listener.mount(mockPath, mock.handle);
  started.defer(mock.close);
  const aws = await startAws({
    outdir,
    dataDir,
    listener,
    signal,
    speed,
    limits: options.limits,
    dynamoDbLatency: options.dynamoDbLatency,
    parameters: { ...providersAt(mock.url, readTemplate(outdir)), ...options.parameters },
    ...(options.onLog && { variables: { POWERTOOLS_LOG_LEVEL: 'DEBUG' } }),
    hooks: {
      prelude: options.prelude,
      interceptEvent: intercept.event,
      interceptRequest: intercept.request,
      onTransition: options.onTransition,
      onRequest: options.onRequest,
      onLog: options.onLog,
    },
  });
  started.defer(aws.close);
  const running = started.move();
  return { ...aws, mockProvider: mock, close: () => running.disposeAsync() };
}

// In the stage `local` the default of every parameter with the URL of a provider. Nothing listens there.
const placeholder = 'http://127.0.0.1:1';

/** These parameters, each with the URL of the mock provider, which stands in for all providers. */
function providersAt(mockUrl: string, { parameters }: Template): Readonly<Record<string, string>> {
  const urls = Object.entries(parameters).flatMap(([name, { Default }]) =>
    Default === placeholder || `${Default}`.startsWith(`${placeholder}/`)
      ? [[name, `${Default}`.replace(placeholder, mockUrl)]]
      : [],
  );
  return Object.fromEntries(urls);
}
