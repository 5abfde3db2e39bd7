import { CreditRequest } from '../../domain/accounts/account-request.ts';
import { Entry } from '../../domain/accounts/schemas.ts';
import { maxCredits } from '../../domain/model/money.ts';
import { defineRoute, jsonBody, type RouteDocs } from '../../runtime/route.ts';
import * as examples from '../admin-examples.ts';
import { creditDecimals } from '../field-docs.ts';
import { account } from '../path-parameters.ts';

export const response = Entry;

export const route = defineRoute<typeof response>()({
  method: 'POST',
  path: '/v1/admin/accounts/{account}/credits',
  function: 'credit-account',
  access: { scope: 'admin' },
  idempotent: true,
  params: { account },
  body: jsonBody(CreditRequest),
  errors: [
    'account_not_found',
    'internal_error',
    'insufficient_quota',
    'idempotency_conflict',
    'service_unavailable',
  ],
});

export const docs = (): RouteDocs => ({
  id: 'creditAccount',
  tag: 'Accounts',
  summary: 'Grant or withdraw credits',
  description: 'Send an Idempotency-Key, and a repeated request counts once.',
  body: {
    name: 'CreditRequest',
    fields: {
      '': { description: 'Credits to grant, or to withdraw' },
      credits: {
        description: `How many, ${creditDecimals}; below 0 withdraws, and 0 is refused`,
        minimum: -maxCredits,
        maximum: maxCredits,
        not: { const: 0 },
      },
      note: { description: 'What it was for, kept in the ledger' },
    },
    examples: {
      grant: { credits: 100, note: 'invoice 7' },
      withdraw: { credits: -12.5, note: 'refund' },
    },
  },
  response: {
    name: 'Entry',
    description: 'The entry in the ledger of the account',
    examples: { grant: examples.grant },
  },
});
