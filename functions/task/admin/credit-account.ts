import { toCredits } from '../money.ts';
import type { Clock, Crediting, Ledger } from '../ports.ts';
import { Problem } from '../problem.ts';
import { conflict, rememberedAs } from '../remember.ts';
import type { CreditRequest } from './account-request.ts';
import { entryView } from './account-view.ts';
import { accountNotFound, named } from './accounts.ts';

type Needs = { readonly ledger: Pick<Ledger, 'credit'>; readonly now: Clock };
type Order = {
  readonly account: string;
  /** The key of the operator who asks. */
  readonly keyId: string;
  readonly idempotencyKey?: string | undefined;
};

/**
 * Grants credits to an account or withdraws them; answers the entry in its ledger.
 * @throws {Problem} `account_not_found`, `insufficient_quota` when more is withdrawn than there is,
 *   `idempotency_conflict`; nothing was written
 */
export const creditAccount =
  ({ ledger, now }: Needs) =>
  async ({ credits: amount, note }: CreditRequest, { account, keyId, idempotencyKey }: Order) => {
    const at = now();
    const request = { account: named(account), amount, note };
    const remembered = rememberedAs(keyId, idempotencyKey, request, at);
    const crediting = await ledger.credit({ ...request, at, keyId }, remembered);
    const entry = entryOf(crediting, account, remembered?.requestHash);
    return { replayed: crediting.state === 'remembered', entry: entryView(entry) };
  };

function entryOf(crediting: Crediting, account: string, requestHash: string | undefined) {
  switch (crediting.state) {
    case 'credited':
      return crediting.entry;
    case 'remembered':
      if (crediting.requestHash !== requestHash || !crediting.entry) throw conflict();
      return crediting.entry;
    case 'no-account':
      throw accountNotFound(account);
    case 'insufficient':
      throw new Problem('insufficient_quota', 'The account has less than that.', {
        param: 'credits',
        details: { account_balance_credits: toCredits(crediting.balance) },
      });
    default:
      return crediting satisfies never;
  }
}
