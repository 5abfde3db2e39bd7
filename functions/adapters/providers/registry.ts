import type { Clock } from '../../domain/model/clock.ts';
import type { WebhookVerifier } from '../../domain/model/provider.ts';
import type { ProviderName } from '../../domain/model/provider-name.ts';
import { dashscopeDefinition } from './dashscope/definition.ts';
import type { ProviderDefinition } from './definition.ts';
import { evolinkDefinition } from './evolink/definition.ts';
import { falDefinition } from './fal/definition.ts';

/**
 * All providers but their clients, which lie in `clients.ts`: the infrastructure and the function that
 * receives webhooks need this, and must not load a client.
 */
export const providerDefinitions: Readonly<Record<ProviderName, ProviderDefinition>> = {
  dashscope: dashscopeDefinition,
  evolink: evolinkDefinition,
  fal: falDefinition,
};

type Definitions<Name extends string> = Readonly<Record<Name, ProviderDefinition>>;

/** The verifiers of all providers that sign their webhooks, each with the URL of its keys. */
export function webhookVerifiers<Name extends string>(
  definitions: Definitions<Name>,
  keysUrls: Readonly<Partial<Record<Name, string>>>,
  now: Clock,
): Readonly<Partial<Record<Name, WebhookVerifier>>> {
  const verifiers: Partial<Record<Name, WebhookVerifier>> = {};
  // Object.keys forgets that these are the names of the definitions.
  for (const name of Object.keys(definitions) as Name[]) {
    const signature = definitions[name].webhookSignature;
    if (!signature) continue;
    const keysUrl = keysUrls[name];
    // Without its verifier, a signed webhook would be taken for an unsigned one.
    if (keysUrl === undefined) throw new Error(`the URL of the keys of ${name} is missing`);
    verifiers[name] = signature.createVerifier({ keysUrl, now });
  }
  return verifiers;
}
