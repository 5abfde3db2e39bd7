import { RotationRequest } from '../../domain/accounts/account-request.ts';
import { WebhookSecret } from '../../domain/accounts/schemas.ts';
import { defineRoute, jsonBody, type RouteDocs } from '../../runtime/route.ts';
import * as examples from '../admin-examples.ts';
import * as ids from '../example-ids.ts';
import { account } from '../path-parameters.ts';

export const response = WebhookSecret;

export const route = defineRoute<typeof response>()({
  method: 'POST',
  path: '/v1/admin/accounts/{account}/webhook-secret',
  function: 'manage-accounts',
  access: { scope: 'manage' },
  rateLimit: 'calls',
  params: { account },
  body: jsonBody(RotationRequest, { optional: true }),
  errors: ['rate_limit_exceeded', 'account_not_found', 'internal_error'],
});

export const docs = (): RouteDocs => ({
  id: 'rotateSecret',
  tag: 'Accounts',
  summary: 'Make a new webhook secret',
  description:
    'For some time callbacks are signed with both secrets, so that receivers can change over. With the scope `manage` you can do this for your own account only.',
  body: {
    name: 'RotationRequest',
    fields: {
      '': { description: 'How to change over' },
      overlap_hours: {
        description: 'How long callbacks are also signed with the previous secret, in hours',
      },
    },
    examples: { atOnce: { overlap_hours: 0 }, twoDays: { overlap_hours: 48 } },
  },
  response: {
    name: 'WebhookSecret',
    description: 'The new secret',
    examples: {
      twoDays: {
        object: 'webhook_secret',
        account: ids.account,
        webhook_secret: examples.newAccount.webhook_secret,
        previous_valid_until: 1_772_616_640,
      },
    },
  },
});
