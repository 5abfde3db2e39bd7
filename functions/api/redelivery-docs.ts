import * as z from 'zod';
import { maxRedelivered } from '../domain/tasks/redeliver.ts';
import { accountName, seconds } from '../domain/wire/fields.ts';
import { account } from './example-ids.ts';

// The response to sending many callbacks again, and what the document says about it.

export const aboutRedelivery = `Sends again the callbacks that were given up (\`undelivered\`) since a given time: at most ${maxRedelivered}, the newest first. Each one keeps its \`webhook-id\` and starts again with its first attempt. While \`has_more\` is \`true\`, repeat the request with the same \`since\` and the \`before\` of the response; then a callback that fails again is not sent twice.`;

export const redeliverBody = {
  name: 'RedeliverRequest',
  fields: {
    '': { description: 'Which callbacks to send again' },
    since: {
      description: 'Only callbacks that were given up at this time or later, in unix seconds',
    },
    before: {
      description: 'Only callbacks that were given up before this time; without it, all until now',
    },
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
    since: seconds('Only callbacks that were given up at this time or later are sent'),
    before: seconds('Only callbacks that were given up before this time are sent'),
    scheduled: z.int().min(0).describe('How many callbacks are on their way'),
    has_more: z
      .boolean()
      .describe('Whether callbacks are left: send the request again, with this `before`'),
  })
  .describe('Callbacks that are sent again');
