import * as z from 'zod';
import { pageOf, UnixSeconds } from '../answers.ts';

// Only the fields we read, as in the answers about tasks; what else there is stays with it.

export const Account = z.looseObject({
  id: z.string(),
  user_group: z.string(),
  created: UnixSeconds,
  credits: z.looseObject({
    granted: z.number(),
    balance: z.number(),
    reserved: z.number(),
    used: z.number(),
  }),
  limits: z.looseObject({ requests_per_minute: z.number(), tasks_in_flight: z.number() }),
  tasks_in_flight: z.number(),
});
export const NewAccount = Account.extend({ webhook_secret: z.string() });
export const AccountPage = pageOf(Account);

export const Entry = z.looseObject({
  number: z.number(),
  kind: z.string(),
  created: UnixSeconds,
  amount_credits: z.number(),
  balance_credits: z.number(),
  charged_credits: z.number().nullish(),
  task_id: z.string().nullish(),
  key_id: z.string().nullish(),
  note: z.string().nullish(),
});
export const EntryPage = pageOf(Entry);

export const NewSecret = z.looseObject({
  webhook_secret: z.string(),
  previous_valid_until: UnixSeconds.nullish(),
});

export const Key = z.looseObject({
  id: z.string(),
  account: z.string(),
  name: z.string(),
  scopes: z.array(z.string()),
  enabled: z.boolean(),
  created: UnixSeconds,
  expires_at: UnixSeconds.nullish(),
  last_used_at: UnixSeconds.nullish(),
  last_four: z.string(),
  total_limit_credits: z.number().nullish(),
  daily_limit_credits: z.number().nullish(),
  used_credits: z.number(),
  daily_used_credits: z.number(),
});
export const NewKey = Key.extend({ api_key: z.string() });
export const KeyPage = pageOf(Key);
export const DeletedKey = z.looseObject({ id: z.string(), deleted: z.literal(true) });

export type Account = z.output<typeof Account>;
export type Entry = z.output<typeof Entry>;
export type Key = z.output<typeof Key>;
