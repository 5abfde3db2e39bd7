import { secretTtlMs } from '../../domain/model/cache.ts';
import { providerNames } from '../../domain/model/catalogue.ts';
import { spellDuration } from '../../domain/model/duration.ts';
import { providerDeadlineMs } from '../../domain/model/provider.ts';
import { defineRoute, type RouteDocs } from '../../runtime/route.ts';
import { ProviderTrial } from './response.ts';

export const response = ProviderTrial;

export const route = defineRoute<typeof response>()({
  method: 'POST',
  path: '/v1/admin/providers/{provider}/try',
  function: 'list-providers',
  access: { scope: 'admin' },
  slowBecause: `a provider may take ${spellDuration(providerDeadlineMs)} to answer`,
  params: {
    provider: {
      description: 'The name of a provider',
      schema: { type: 'string', enum: [...providerNames] },
      example: 'dashscope',
    },
  },
  errors: ['invalid_request', 'internal_error'],
});

export const docs = (): RouteDocs => ({
  id: 'tryProvider',
  tag: 'Operation',
  summary: 'Try the key of a provider',
  description: `Asks a provider for a job that does not exist, with the key that is stored now. This costs nothing, and shows whether the provider takes the key. Running functions use a new key within ${spellDuration(secretTtlMs)}.`,
  response: {
    name: 'ProviderTrial',
    description: 'The result. The status is 200 even if the provider rejects the key',
    examples: {
      accepted: {
        object: 'provider_trial',
        provider: 'dashscope',
        result: 'accepted',
        status: 404,
        ms: 212,
      },
      rejected: {
        object: 'provider_trial',
        provider: 'dashscope',
        result: 'rejected',
        status: 401,
        ms: 187,
      },
    },
  },
});
