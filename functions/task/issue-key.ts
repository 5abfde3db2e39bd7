import * as z from 'zod';
import type { Accounts } from './account.ts';
import { isAccountName } from './admin/account-request.ts';
import { createAccount } from './admin/accounts.ts';
import { KeyRequest } from './admin/key-request.ts';
import { createKey } from './admin/keys.ts';
import { type ApiKeys, scopes } from './api-key.ts';
import type { Credit } from './ledger.ts';
import { toMilliCredits } from './money.ts';
import type { Clock, Ledger } from './ports.ts';
import { Problem } from './problem.ts';
import { conflict, rememberedAs } from './remember.ts';

/** What the operator says when he makes a key with his AWS credentials. */
export const KeyOrder = z.object({
  account: z.string().refine(isAccountName, 'must be 1 to 63 of a-z 0-9 -').default('default'),
  name: KeyRequest.shape.name.default('first'),
  scopes: z.array(z.enum(scopes)).min(1).default(['generate']),
  /** Credits to grant to the account with it. */
  credits: z.number().min(0).max(1_000_000_000).default(0),
  /** The same for an order that is given again because its answer was lost: its credits count once. */
  order: z
    .string()
    .regex(/^[A-Za-z0-9._-]{16,96}$/)
    .optional(),
});
export type KeyOrder = z.output<typeof KeyOrder>;

export type IssuedKey = {
  readonly api_key: string;
  readonly key_id: string;
  readonly account: string;
  /** Only when the account was made with it. */
  readonly webhook_secret?: string | undefined;
};

type Needs = {
  readonly accounts: Accounts;
  readonly keys: ApiKeys;
  readonly ledger: Pick<Ledger, 'credit'>;
  readonly now: Clock;
};

/** Makes a key, and its account when there is none. The key is shown in this answer and never again. */
export const issueKey =
  (needs: Needs) =>
  async ({ account, name, scopes, credits, order }: KeyOrder): Promise<IssuedKey> => {
    const amount = toMilliCredits(credits); // before anything is written
    const webhook_secret = await ensureAccount(needs, account);
    const made = await createKey(needs)(KeyRequest.parse({ account, name, scopes }));
    const { id: keyId, api_key } = made;
    // Last, so that an order that failed before has granted nothing and can be given again.
    if (amount > 0) await grant(needs, { account, amount, at: needs.now(), keyId }, order);
    return { api_key, key_id: keyId, account, webhook_secret };
  };

async function grant({ ledger }: Needs, credit: Credit, order: string | undefined): Promise<void> {
  const { account, amount, at } = credit;
  const remembered = rememberedAs('operator', order, { account, amount }, at);
  const crediting = await ledger.credit(credit, remembered);
  const { state } = crediting;
  if (state === 'credited') return;
  if (state !== 'remembered') throw new Error(`the grant was refused: ${state}`);
  // Under one id there is one order: another one must not look as if its credits had been granted.
  if (crediting.requestHash !== remembered?.requestHash) throw conflict();
}

/** The webhook secret of the account, when it was made now. */
async function ensureAccount(needs: Needs, id: string): Promise<string | undefined> {
  try {
    const made = await createAccount(needs)({ id, user_group: 'default', limits: {} });
    return made.webhook_secret;
  } catch (error) {
    if (error instanceof Problem && error.code === 'account_exists') return undefined;
    throw error;
  }
}
