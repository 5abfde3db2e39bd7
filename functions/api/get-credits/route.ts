import { Credits } from '../../domain/accounts/schemas.ts';
import { defineRoute, type RouteDocs } from '../../runtime/route.ts';
import { keyId } from '../example-ids.ts';

export const response = Credits;

export const route = defineRoute<typeof response>()({
  method: 'GET',
  path: '/v1/credits',
  function: 'read-account',
  access: { scope: 'read' },
  rateLimit: 'calls',
  errors: ['rate_limit_exceeded', 'internal_error'],
});

export const docs = (): RouteDocs => ({
  id: 'getCredits',
  tag: 'Account',
  summary: 'Read your credits',
  description:
    'The credits that this key and its account have left, and those that they have used.',
  response: {
    name: 'Credits',
    description: 'The credits',
    examples: {
      limitedKey: {
        data: {
          token: {
            id: keyId,
            name: 'website',
            scopes: ['generate'],
            remaining_credits: 7.6,
            unlimited_credits: false,
            used_credits: 2.4,
            daily_limit_credits: 5,
            daily_used_credits: 2.4,
            reset_timezone: 'Europe/Berlin',
          },
          user: { remaining_credits: 97.6, used_credits: 2.4 },
        },
        message: '',
        success: true,
      },
    },
  },
});
