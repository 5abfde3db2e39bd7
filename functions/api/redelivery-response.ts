import * as z from 'zod';
import { accountName, seconds } from '../domain/wire/fields.ts';

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
