import * as z from 'zod';
import { maxRedelivered } from '../domain/tasks/redeliver.ts';
import { accountName, seconds } from '../domain/wire/fields.ts';
import { account } from './example-ids.ts';

// The response to sending many callbacks again, and what the document says about it.

export const aboutRedelivery = `Sends the callbacks that were given up (\`undelivered\`) since a time once more: ${maxRedelivered} of them at most, the newest first, each under its own \`webhook-id\` and beginning with its first attempt. While \`has_more\` is \`true\`, repeat it with the same \`since\` and the \`before\` of the response: a callback that fails again is not sent twice.`;

export const redeliverBody = {
  name: 'RedeliverRequest',
  fields: {
    '': { description: 'Which callbacks to send again' },
    since: { description: 'Those that were given up since then, in unix seconds' },
    before: { description: 'And before then; without it, until now' },
  },
  examples: { lastNight: { since: 1_772_398_800 } },
};

export const redelivery = {
  object: 'callback_redelivery',
  account,
  since: 1_772_398_800,
  before: 1_772_443_840,
  scheduled: 12,
  has_more: false,
};

export const CallbackRedelivery = z
  .strictObject({
    object: z.literal('callback_redelivery'),
    account: accountName,
    since: seconds('Callbacks were taken that were given up since then'),
    before: seconds('And before that'),
    scheduled: z.int().min(0).describe('How many are on their way'),
    has_more: z
      .boolean()
      .describe('Whether others are left: send the request again, with this `before`'),
  })
  .describe('Callbacks that are sent again');
