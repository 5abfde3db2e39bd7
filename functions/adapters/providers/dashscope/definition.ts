import type { ProviderDefinition } from '../definition.ts';

export const dashscopeDefinition: ProviderDefinition = {
  url: {
    name: 'DashScopeUrl',
    // An API key works only in its own region.
    description: 'Where DashScope is: Singapore, Beijing or the host of a workspace',
    default: 'https://dashscope-intl.aliyuncs.com',
  },
};
