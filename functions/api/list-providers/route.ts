import { defineRoute, type RouteDocs } from '../../runtime/route.ts';
import { ProviderList } from './response.ts';

export const response = ProviderList;

export const route = defineRoute<typeof response>()({
  method: 'GET',
  path: '/v1/admin/providers',
  function: 'list-providers',
  access: { scope: 'admin' },
  errors: ['internal_error'],
});

const model = 'wan2.5-image-to-image';

export const docs = (): RouteDocs => ({
  id: 'listProviders',
  tag: 'Operation',
  summary: 'List the providers',
  description:
    'The providers in the order in which they are tried, then those that are not offered. For each one: how many jobs it accepts and has, how many tasks wait for it, how long a job takes, and what it has rejected lately. The response also says when the reconciler last ran, which repairs what was lost.',
  response: {
    name: 'ProviderList',
    description: 'All providers',
    examples: {
      two: {
        object: 'list',
        data: [
          {
            object: 'provider',
            id: 'dashscope',
            position: 1,
            has_key: true,
            capacity: { running: 5, submits_per_second: 5, ahead: 1 },
            models: [{ id: model, typical_seconds: 27.5 }],
            slots: [
              {
                name: 'dashscope/wan2.5-i2i-preview',
                total: 6,
                taken: 6,
                waiting: 41,
                oldest_waiting_since: 1_772_443_800,
                paused_until: null,
              },
            ],
            rejections: [{ day: '2026-03-02', code: 'content_policy_violation', count: 3 }],
          },
          {
            object: 'provider',
            id: 'evolink',
            position: null,
            has_key: false,
            capacity: null,
            models: [{ id: model, typical_seconds: 30 }],
            slots: [
              {
                name: 'evolink',
                total: null,
                taken: 0,
                waiting: 0,
                oldest_waiting_since: null,
                paused_until: null,
              },
            ],
            rejections: [],
          },
        ],
        next_cursor: null,
        reconciled_at: 1772366400,
      },
    },
  },
});
