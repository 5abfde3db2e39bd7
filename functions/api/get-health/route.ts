import { healthPath } from '../../domain/model/paths.ts';
import { defineRoute, type RouteDocs } from '../../runtime/route.ts';
import { Health } from '../service-responses.ts';

export const response = Health;

export const route = defineRoute<typeof response>()({
  method: 'GET',
  path: healthPath,
  function: 'service',
  access: 'public',
  head: true,
  errors: [],
});

export const docs = (): RouteDocs => ({
  id: 'health',
  tag: 'Service',
  summary: 'Check the service',
  description: 'Needs no key and reads nothing.',
  response: {
    name: 'Health',
    description: 'The service responds',
    examples: { ok: { status: 'ok' } },
  },
});
