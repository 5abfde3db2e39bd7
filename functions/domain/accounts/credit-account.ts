import { idempotencyConflict, idempotencyRecordFor } from '../billing/idempotency.ts';
import { busyProblem, type CreditResult, type Ledger } from '../billing/ledger.ts';
import type { Accounts } from '../model/account.ts';
import type { Act } from '../model/audit.ts';
import type { Clock } from '../model/clock.ts';
import { toCredits } from '../model/money.ts';
import { Problem } from '../model/problem.ts';
import type { CreditRequest } from './account-request.ts';
import { accountNotFound, entryView, requireAccountName } from './accounts.ts';
import { credited } from './audit-values.ts';

type Deps = {
  readonly ledger: Pick<Ledger, 'credit'>;
  readonly accounts: Pick<Accounts, 'find'>;
  readonly now: Clock;
};
type CreditContext = {
  readonly account: string;
  /** The operator's API key. */
  readonly keyId: string;
  readonly idempotencyKey?: string | undefined;
};

/**
 * Grants credits to an account or withdraws them; returns the entry in its ledger, with the balance of this moment.
 * @throws {Problem} `account_not_found`, `insufficient_quota` when more is withdrawn than there is,
 *   `idempotency_conflict`; nothing was written
 */
export const creditAccount =
  ({ ledger, accounts, now }: Deps) =>
  async (
    { credits: amount, note }: CreditRequest,
    { account, keyId, idempotencyKey }: CreditContext,
    act: Act,
  ) => {
    const at = now();
    const request = { account: requireAccountName(account), amount, note };
    const idempotency = idempotencyRecordFor(keyId, idempotencyKey, request, at);
    const result = await ledger.credit(
      { ...request, at, keyId },
      idempotency,
      credited(act, account),
    );
    const entry = entryOf(result, account, idempotency?.requestHash);
    const balance = (await accounts.find(request.account))?.balance;
    return {
      replayed: result.state === 'idempotency_key_used',
      entry: entryView({ ...entry, balance }),
    };
  };

function entryOf(result: CreditResult, account: string, requestHash: string | undefined) {
  switch (result.state) {
    case 'credited':
      return result.entry;
    case 'idempotency_key_used':
      if (result.requestHash !== requestHash || !result.entry) throw idempotencyConflict();
      return result.entry;
    case 'account_missing':
      throw accountNotFound(account);
    case 'insufficient':
      throw new Problem('insufficient_quota', 'The account has less than that.', {
        param: 'credits',
        details: { account_balance_credits: toCredits(result.balance) },
      });
    case 'busy':
      throw busyProblem();
    default:
      return result satisfies never;
  }
}
