import type { Provider } from '../../domain/model/provider.ts';
import type { ProviderName } from '../../domain/model/provider-name.ts';
import { dashscope } from './dashscope/client.ts';
import { evolink } from './evolink/client.ts';
import { fal } from './fal/client.ts';
import type { Access } from './upstream.ts';

/** Makes the client of one provider. */
export type CreateProvider = (access: Access) => Provider;

/** The clients of all providers. Only the functions that call a provider import this. */
export const providerClients: Readonly<Record<ProviderName, CreateProvider>> = {
  dashscope,
  evolink,
  fal,
};

/** One provider for every client, each with its own URL and API key. */
export function createProviders<Name extends string>(
  clients: Readonly<Record<Name, CreateProvider>>,
  urls: Readonly<Record<Name, string>>,
  apiKeyOf: (name: Name) => () => Promise<string>,
): Readonly<Record<Name, Provider>> {
  // Object.keys forgets that these are the names of the clients.
  const names = Object.keys(clients) as Name[];
  const providers = names.map((name) => [
    name,
    clients[name]({ baseUrl: urls[name], apiKey: apiKeyOf(name) }),
  ]);
  return Object.fromEntries(providers);
}
