import { KeyRequest } from '../../domain/accounts/key-request.ts';
import { NewKey } from '../../domain/accounts/schemas.ts';
import { defineRoute, jsonBody, type RouteDocs } from '../../runtime/route.ts';
import * as examples from '../admin-examples.ts';
import * as ids from '../example-ids.ts';
import { keyAccount, keyFields } from '../field-docs.ts';

export const response = NewKey;

export const route = defineRoute<typeof response>()({
  method: 'POST',
  path: '/v1/admin/keys',
  function: 'manage-keys',
  access: { scope: 'manage' },
  rateLimit: 'calls',
  body: jsonBody(KeyRequest),
  errors: ['rate_limit_exceeded', 'invalid_request', 'account_not_found', 'internal_error'],
});

export const docs = (): RouteDocs => ({
  id: 'createKey',
  tag: 'Keys',
  summary: 'Make an API key',
  description:
    'The key is shown in this response only. With the scope `manage` you make keys of your own account. They have at most the scopes `read` and `generate`, and no higher limits, no later expiry and no other models than your own key. A limit, an expiry or a list of models that you leave out is that of your own key.',
  body: {
    name: 'KeyRequest',
    fields: {
      '': { description: 'A key to make' },
      account: keyAccount,
      mode: {
        description:
          '`test`: a key of test mode, which uses the sandbox provider and play credits; it has at most the scopes `read` and `generate`. The mode of a key never changes',
      },
      ...keyFields,
    },
    examples: {
      small: { account: ids.account, name: 'web' },
      limited: {
        account: ids.account,
        name: 'web',
        scopes: ['generate'],
        expires_at: 1_798_761_600,
        total_limit_credits: 1000,
        daily_limit_credits: 50,
        reset_timezone: 'Europe/Berlin',
        allowed_models: ['wan2.5-image-to-image'],
      },
    },
  },
  response: {
    name: 'NewKey',
    description: 'The key',
    examples: { limited: examples.newKey },
  },
});
