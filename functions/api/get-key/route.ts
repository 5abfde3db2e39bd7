import { Key } from '../../domain/accounts/schemas.ts';
import { defineRoute, type RouteDocs } from '../../runtime/route.ts';
import * as examples from '../admin-examples.ts';
import { keyId } from '../path-parameters.ts';

export const response = Key;

export const route = defineRoute<typeof response>()({
  method: 'GET',
  path: '/v1/admin/keys/{key_id}',
  function: 'admin-reads',
  access: { scope: 'manage' },
  rateLimit: 'calls',
  params: { key_id: keyId },
  errors: ['rate_limit_exceeded', 'key_not_found', 'internal_error'],
});

export const docs = (): RouteDocs => ({
  id: 'getKey',
  tag: 'Keys',
  summary: 'Read an API key',
  description: 'Everything except the key itself.',
  response: { name: 'Key', description: 'The key', examples: { used: examples.usedKey } },
});
