import { defineRoute, type RouteDocs } from '../../runtime/route.ts';
import { ModelList } from './response.ts';
import { modelsView } from './view.ts';

export const response = ModelList;

export const route = defineRoute<typeof response>()({
  method: 'GET',
  path: '/v1/models',
  function: 'read-account',
  access: { scope: 'read' },
  rateLimit: 'calls',
  head: true,
  errors: ['rate_limit_exceeded', 'internal_error'],
});

export const docs = (): RouteDocs => ({
  id: 'listModels',
  tag: 'Account',
  summary: 'List the models',
  description: 'The models, their prices and their limits.',
  response: { name: 'ModelList', description: 'The models', examples: { all: modelsView() } },
});
