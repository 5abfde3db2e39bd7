import { defaultModel } from '../../domain/model/catalogue.ts';
import { defineRoute, type RouteDocs } from '../../runtime/route.ts';
import { Model } from '../list-models/response.ts';
import { modelViewNamed } from '../list-models/view.ts';

export const response = Model;

export const route = defineRoute<typeof response>()({
  method: 'GET',
  path: '/v1/models/{model}',
  function: 'read-account',
  access: { scope: 'read' },
  rateLimit: 'calls',
  head: true,
  params: {
    model: {
      description: 'The id of a model, or another name of it',
      schema: { type: 'string' },
      example: defaultModel.id,
    },
  },
  errors: ['rate_limit_exceeded', 'model_not_found', 'internal_error'],
});

export const docs = (): RouteDocs => ({
  id: 'getModel',
  tag: 'Account',
  summary: 'Read a model',
  description: 'One model: its price, its limits and its names.',
  response: {
    name: 'Model',
    description: 'The model',
    examples: { default: modelViewNamed(defaultModel.id) },
  },
});
