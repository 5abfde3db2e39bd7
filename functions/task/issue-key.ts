import * as z from 'zod';
import { hashOfKey, type Scope } from './identify.ts';
import { newApiKey, newKeyId, newWebhookSecret } from './ids.ts';
import { toMilliCredits } from './money.ts';
import type { Clock } from './ports.ts';

const name = z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'must be 1 to 63 of a-z 0-9 -');

/** What the operator says when he makes a key. */
export const KeyOrder = z.object({
  account: name.default('default'),
  name: name.default('first'),
  scopes: z
    .array(z.enum(['generate', 'admin']))
    .min(1)
    .default(['generate']),
  /** Credits to grant to the account with it. */
  credits: z.number().min(0).max(1_000_000_000).default(0),
});
export type KeyOrder = z.output<typeof KeyOrder>;

type NewAccount = {
  readonly account: string;
  readonly webhookSecret: string;
  readonly at: number;
};
export type NewKey = {
  readonly keyId: string;
  readonly hash: string;
  readonly lastFour: string;
  readonly account: string;
  readonly name: string;
  readonly scopes: readonly Scope[];
  readonly at: number;
};

/** Where accounts and keys are written. */
export type KeyStore = {
  /** Makes the account, unless there is one; answers the webhook secret it has. */
  ensureAccount(account: NewAccount): Promise<{ webhookSecret: string }>;
  grant(account: string, milliCredits: number, at: number): Promise<void>;
  add(key: NewKey): Promise<void>;
};

export type IssuedKey = {
  readonly api_key: string;
  readonly key_id: string;
  readonly account: string;
  readonly webhook_secret: string;
};

type Needs = { readonly store: KeyStore; readonly now: Clock };

/** Makes a key, and its account when there is none. The key is shown in this answer and never again. */
export const issueKey =
  ({ store, now }: Needs) =>
  async (order: KeyOrder): Promise<IssuedKey> => {
    const { account, scopes, credits } = order;
    const milliCredits = toMilliCredits(credits); // before anything is written
    const at = now();
    const apiKey = newApiKey();
    const keyId = newKeyId();
    const { webhookSecret } = await store.ensureAccount({
      ...{ account, at, webhookSecret: newWebhookSecret() },
    });
    const lastFour = apiKey.slice(-4);
    await store.add({
      keyId,
      hash: hashOfKey(apiKey),
      lastFour,
      account,
      name: order.name,
      scopes,
      at,
    });
    // Last, so that an order that failed before has granted nothing and can be given again.
    if (milliCredits > 0) await store.grant(account, milliCredits, at);
    return { api_key: apiKey, key_id: keyId, account, webhook_secret: webhookSecret };
  };
