import type { ProviderAdapter } from '../provider-adapter.ts';
import { evolink } from './client.ts';

export const evolinkAdapter: ProviderAdapter = {
  createClient: evolink,
  url: {
    name: 'EvoLinkUrl',
    description: 'Where EvoLink is',
    default: 'https://api.evolink.ai',
  },
  // Its limits are not published.
  capacity: { name: 'EvoLinkCapacity', countedBy: 'provider' },
};
