import type { ProviderDefinition } from '../definition.ts';
import { webhookVerifier } from './webhook-signature.ts';

export const falDefinition: ProviderDefinition = {
  url: {
    name: 'FalUrl',
    description: 'Where the queue of fal is',
    default: 'https://queue.fal.run',
  },
  webhookSignature: {
    keysUrl: {
      name: 'FalKeysUrl',
      description: 'Where fal publishes its keys',
      default: 'https://rest.alpha.fal.ai/.well-known/jwks.json',
    },
    createVerifier: webhookVerifier,
  },
};
