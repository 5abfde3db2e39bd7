import type { ProviderDefinition } from '../definition.ts';

export const evolinkDefinition: ProviderDefinition = {
  url: {
    name: 'EvoLinkUrl',
    description: 'Where EvoLink is',
    default: 'https://api.evolink.ai',
  },
};
