import type { ProviderAdapter } from '../provider-adapter.ts';
import { fal } from './client.ts';
import { webhookVerifier } from './webhook-signature.ts';

export const falAdapter: ProviderAdapter = {
  createClient: fal,
  url: {
    name: 'FalUrl',
    description: 'Where the queue of fal is',
    default: 'https://queue.fal.run',
  },
  capacity: {
    name: 'FalCapacity',
    // An account before its first larger purchase. What is above it waits at fal.
    default: { running: 2, ahead: 1 },
    countedBy: 'provider',
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
