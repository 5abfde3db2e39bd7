import type { ProviderAdapter } from '../provider-adapter.ts';
import { dashscope } from './client.ts';

export const dashscopeAdapter: ProviderAdapter = {
  createClient: dashscope,
  url: {
    name: 'DashScopeUrl',
    // An API key works only in its own region.
    description: 'Where DashScope is: Singapore, Beijing or the host of a workspace',
    default: 'https://dashscope-intl.aliyuncs.com',
  },
  capacity: {
    name: 'DashScopeCapacity',
    // The vendor's limits of an account, for each model. What is above them waits at DashScope.
    default: { running: 5, submitsPerSecond: 5, ahead: 1 },
    countedBy: 'model',
  },
};
