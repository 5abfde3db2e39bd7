import { DeletedKey } from '../../domain/accounts/schemas.ts';
import { defineRoute, type RouteDocs } from '../../runtime/route.ts';
import * as ids from '../example-ids.ts';
import { keyId } from '../path-parameters.ts';

export const response = DeletedKey;

export const route = defineRoute<typeof response>()({
  method: 'DELETE',
  path: '/v1/admin/keys/{key_id}',
  function: 'manage-keys',
  access: { scope: 'manage' },
  rateLimit: 'calls',
  params: { key_id: keyId },
  errors: ['rate_limit_exceeded', 'key_not_found', 'internal_error'],
});

export const docs = (): RouteDocs => ({
  id: 'deleteKey',
  tag: 'Keys',
  summary: 'Delete an API key',
  description:
    'The key stops creating and managing at once, and reading within a minute; its tasks continue. You cannot delete the key that you call with.',
  response: {
    name: 'DeletedKey',
    description: 'The key is deleted',
    examples: { deleted: { object: 'api_key', id: ids.keyId, deleted: true } },
  },
});
