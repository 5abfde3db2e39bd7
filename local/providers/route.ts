import type { Callbacks } from './callbacks.ts';
import type { ProviderLoad } from './capacity.ts';
import type { Control } from './control.ts';
import type { ProviderRequest, ProviderResponse } from './http.ts';
import type { JobPlan, Jobs } from './jobs.ts';
import { ProviderError } from './provider-error.ts';
import type { ResultFiles } from './result-files.ts';
import type { Links } from './signed-links.ts';

/** The state that all routes share. */
export type ServerContext = {
  readonly jobs: Jobs;
  readonly control: Control;
  /** How busy each provider is, by its name. */
  readonly loads: Readonly<Record<string, ProviderLoad>>;
  readonly links: Links;
  readonly results: ResultFiles;
  readonly callbacks: Callbacks;
  readonly now: () => number;
  /** The public URL of a path of this mock provider. */
  readonly urlOf: (path: string) => string;
  readonly counts: Record<'submits' | 'accepted' | 'polls' | 'cancels', number>;
};

/** What the routes of one provider have besides. */
export type ProviderContext = ServerContext & {
  /** The name of this provider, and how busy it is. */
  readonly provider: string;
  readonly load: ProviderLoad;
};

/** `id` and `n` are the captured parts of the path. */
type RouteWith<Context> = (
  context: Context,
  request: ProviderRequest,
  id: string,
  n: string,
) => ProviderResponse | Promise<ProviderResponse>;

/** A route of a provider. */
export type Route = RouteWith<ProviderContext>;
/** A route that belongs to no provider. */
export type OwnRoute = RouteWith<ServerContext>;

type ProtocolWith<Context> = {
  readonly routes: readonly (readonly [method: string, path: RegExp, route: RouteWith<Context>])[];
  /** An error in the form of this provider, for a request with this method. */
  errorResponse(error: ProviderError, method: string): ProviderResponse;
};
/** The HTTP API of one provider. */
export type Protocol = ProtocolWith<ProviderContext>;
/** Routes that need nothing of a provider. */
export type OwnProtocol = ProtocolWith<ServerContext>;

type Scheme = 'Bearer' | 'Key';

/** Checks that a request has an API key; every key is valid. @throws {ProviderError} when it has none */
function requireKey(request: ProviderRequest, scheme: Scheme): void {
  const [givenScheme, key = '', ...more] = (request.header('authorization') ?? '').split(' ');
  if (givenScheme !== scheme || key === '' || more.length > 0)
    throw new ProviderError('InvalidApiKey');
}

/** What every submit begins with. @throws {ProviderError} without a key, and above the rate limit */
export function beginSubmit(
  { counts, load }: ProviderContext,
  request: ProviderRequest,
  scheme: Scheme,
): void {
  counts.submits += 1;
  requireKey(request, scheme);
  if (!load.admit('submits')) throw new ProviderError('Throttling.RateQuota');
}

/**
 * What every query and cancellation begins with. `count` names the counter that it increases.
 * @throws {ProviderError} without a key, above the rate limit, and for a poll when the settings say so
 */
export function beginQuery(
  { counts, control, load }: ProviderContext,
  request: ProviderRequest,
  { scheme, count }: { readonly scheme: Scheme; readonly count?: 'polls' | 'cancels' },
): void {
  if (count) counts[count] += 1;
  requireKey(request, scheme);
  if (!load.admit('queries')) throw new ProviderError('Throttling.RateQuota');
  if (count !== 'polls' || control.consume('poll') === 'ok') return;
  load.countThrottled('queries');
  throw new ProviderError('Throttling.RateQuota');
}

/**
 * Decides by the settings and the capacity what happens to a valid submit. `maxQueued` is a limit that came
 * with the request.
 * @throws {ProviderError} when it is rejected
 */
export function acceptJob(
  { control, load, jobs }: ProviderContext,
  maxQueued = Infinity,
): { readonly isLost: boolean; readonly plan: JobPlan } {
  const { code } = control.settings();
  const behaviour = control.consume('submit');
  if (behaviour === 'busy') {
    load.countThrottled('submits');
    throw new ProviderError('Throttling.RateQuota');
  }
  if (behaviour === 'refused') throw new ProviderError(code ?? 'DataInspectionFailed');
  jobs.advance();
  if (!load.accepts(maxQueued)) {
    load.countThrottled('submits');
    throw new ProviderError('Throttling');
  }
  return {
    isLost: behaviour === 'lost',
    plan: { seconds: control.consumeSeconds(), code, outcome: control.consume('outcome') },
  };
}
