import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { clientConfig } from '../../adapters/aws/client-config.ts';
import { cachedSecret, providerKey } from '../../adapters/aws/secrets.ts';
import { tryProviderKey } from '../../adapters/providers/try-key.ts';
import { tryProvider } from '../../domain/providers/try-provider.ts';
import { readEnv } from '../../runtime/env.ts';
import { serve } from '../../runtime/http.ts';
import { callers } from '../callers.ts';
import { route } from './route.ts';

const env = readEnv('api/list-providers');
const secrets = new SecretsManagerClient(clientConfig);
const trial = tryProvider({
  // The key is read again for each trial: an operator who has just replaced it wants to test the new one.
  keyOf: (provider) =>
    providerKey(cachedSecret(secrets, env.PROVIDER_SECRET, Date.now), provider)(),
  ask: (provider, key) => tryProviderKey(provider, env.PROVIDER_URLS[provider], key),
  now: Date.now,
});

export const handler = serve(
  route,
  async ({ params }) => ({ body: await trial(params.provider) }),
  callers,
);
