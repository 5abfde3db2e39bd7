import type { Callbacks } from './callbacks.ts';
import type { ProviderLoad, ProviderName } from './capacity.ts';
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
  readonly loads: Readonly<Record<ProviderName, ProviderLoad>>;
  readonly links: Links;
  readonly results: ResultFiles;
  readonly callbacks: Callbacks;
  readonly now: () => number;
  /** The public URL of a path of this mock provider. */
  readonly urlOf: (path: string) => string;
  readonly counts: Record<'submits' | 'accepted' | 'polls' | 'cancels', number>;
};

/** `id` and `n` are the captured parts of the path. */
export type Route = (
  context: ServerContext,
  request: ProviderRequest,
  id: string,
  n: string,
) => ProviderResponse | Promise<ProviderResponse>;

/** The HTTP API of one provider. */
export type Protocol = {
  readonly routes: readonly (readonly [method: string, path: RegExp, route: Route])[];
  /** An error in the form of this provider, for a request with this method. */
  errorResponse(error: ProviderError, method: string): ProviderResponse;
};

type Scheme = 'Bearer' | 'Key';

/** Checks that a request has an API key; every key is valid. @throws {ProviderError} when it has none */
function requireKey(request: ProviderRequest, scheme: Scheme): void {
  const [givenScheme, key = '', ...more] = (request.header('authorization') ?? '').split(' ');
  if (givenScheme !== scheme || key === '' || more.length > 0)
    throw new ProviderError('InvalidApiKey');
}

/** What every submit begins with. @throws {ProviderError} without a key, and above the rate limit */
export function beginSubmit(
  { counts, loads }: ServerContext,
  request: ProviderRequest,
  provider: ProviderName,
  scheme: Scheme,
): void {
  counts.submits += 1;
  requireKey(request, scheme);
  if (!loads[provider].admit('submits')) throw new ProviderError('Throttling.RateQuota');
}

/**
 * What every query and cancellation begins with. `count` names the counter that it increases.
 * @throws {ProviderError} without a key, above the rate limit, and for a poll when the settings say so
 */
export function beginQuery(
  { counts, control, loads }: ServerContext,
  request: ProviderRequest,
  provider: ProviderName,
  { scheme, count }: { readonly scheme: Scheme; readonly count?: 'polls' | 'cancels' },
): void {
  if (count) counts[count] += 1;
  requireKey(request, scheme);
  if (!loads[provider].admit('queries')) throw new ProviderError('Throttling.RateQuota');
  if (count !== 'polls' || control.consume('poll') === 'ok') return;
  loads[provider].countThrottled('queries');
  throw new ProviderError('Throttling.RateQuota');
}

/**
 * Decides by the settings and the capacity what happens to a valid submit. `maxQueued` is a limit that came
 * with the request.
 * @throws {ProviderError} when it is rejected
 */
export function acceptJob(
  { control, loads, jobs }: ServerContext,
  provider: ProviderName,
  maxQueued = Infinity,
): { readonly isLost: boolean; readonly plan: JobPlan } {
  const { code } = control.settings();
  const load = loads[provider];
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
