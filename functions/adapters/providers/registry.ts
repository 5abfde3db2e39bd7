import type { LiveProviderName, ProviderName } from '../../domain/model/catalogue.ts';
import type { Clock } from '../../domain/model/clock.ts';
import type { Provider, WebhookVerifier } from '../../domain/model/provider.ts';
import { dashscopeAdapter } from './dashscope/adapter.ts';
import { evolinkAdapter } from './evolink/adapter.ts';
import { falAdapter } from './fal/adapter.ts';
import type { ProviderAdapter } from './provider-adapter.ts';
import { sandboxProvider } from './sandbox/adapter.ts';

/** The adapters of all providers that the catalogue names: a deployment has the URL, the key and the capacity of each. */
export const providerAdapters: Readonly<Record<LiveProviderName, ProviderAdapter>> = {
  dashscope: dashscopeAdapter,
  evolink: evolinkAdapter,
  fal: falAdapter,
};

/** A client of every provider that a task can have: of those above, and of the sandbox, which needs nothing. */
export const taskProviders = (
  urls: Readonly<Record<LiveProviderName, string>>,
  now: Clock,
  apiKeyOf: (name: LiveProviderName) => () => Promise<string>,
): Readonly<Record<ProviderName, Provider>> => ({
  ...createProviders(providerAdapters, urls, apiKeyOf),
  sandbox: sandboxProvider(now),
});

type Adapters<Name extends string> = Readonly<Record<Name, ProviderAdapter>>;

/** A client of each provider, with its own URL and API key. */
export function createProviders<Name extends string>(
  adapters: Adapters<Name>,
  urls: Readonly<Record<Name, string>>,
  apiKeyOf: (name: Name) => () => Promise<string>,
): Readonly<Record<Name, Provider>> {
  const providers = namesOf(adapters).map((name) => [
    name,
    adapters[name].createClient({ baseUrl: urls[name], apiKey: apiKeyOf(name) }),
  ]);
  return Object.fromEntries(providers);
}

/** The verifiers of all providers that sign their webhooks, each with the URL of its keys. */
export function webhookVerifiers<Name extends string>(
  adapters: Adapters<Name>,
  keysUrls: Readonly<Partial<Record<Name, string>>>,
  now: Clock,
): Readonly<Partial<Record<Name, WebhookVerifier>>> {
  const verifiers: Partial<Record<Name, WebhookVerifier>> = {};
  for (const name of namesOf(adapters)) {
    const signature = adapters[name].webhookSignature;
    if (!signature) continue;
    const keysUrl = keysUrls[name];
    // Without its verifier, a signed webhook would be taken for an unsigned one.
    if (keysUrl === undefined) throw new Error(`the URL of the keys of ${name} is missing`);
    verifiers[name] = signature.createVerifier({ keysUrl, now });
  }
  return verifiers;
}

// Object.keys forgets that these are the names of the adapters.
const namesOf = <Name extends string>(adapters: Adapters<Name>) => Object.keys(adapters) as Name[];
