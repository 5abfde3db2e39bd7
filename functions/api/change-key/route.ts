import { KeyPatch } from '../../domain/accounts/key-request.ts';
import { Key } from '../../domain/accounts/schemas.ts';
import { defineRoute, jsonBody, type RouteDocs } from '../../runtime/route.ts';
import * as examples from '../admin-examples.ts';
import { keyFields } from '../field-docs.ts';
import { keyId } from '../path-parameters.ts';

export const response = Key;

export const route = defineRoute<typeof response>()({
  method: 'PATCH',
  path: '/v1/admin/keys/{key_id}',
  function: 'manage-keys',
  access: { scope: 'manage' },
  rateLimit: 'calls',
  params: { key_id: keyId },
  body: jsonBody(KeyPatch),
  errors: ['rate_limit_exceeded', 'key_not_found', 'internal_error'],
});

export const docs = (): RouteDocs => ({
  id: 'changeKey',
  tag: 'Keys',
  summary: 'Change an API key',
  description:
    'Renames a key, enables or disables it, or changes what it may do. A key that is disabled, or may do less, stops creating and managing at once, and reading within a minute. What a change adds counts at once for managing, and within a minute for the rest. You cannot change the key that you call with. With the scope `manage` you can change keys of your own account that have neither `manage` nor `admin`, but nothing that the operator has set.',
  body: {
    name: 'KeyPatch',
    fields: {
      '': {
        description: 'What to change; at least one field. `null` takes a limit away',
        minProperties: 1,
      },
      enabled: { description: 'Whether it works' },
      ...keyFields,
    },
    examples: {
      off: { enabled: false },
      unlimited: { total_limit_credits: null, daily_limit_credits: null },
    },
  },
  response: {
    name: 'Key',
    description: 'The key as it is now',
    examples: { used: examples.usedKey },
  },
});
