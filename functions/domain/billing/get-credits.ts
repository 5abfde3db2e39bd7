import type { Account, Accounts } from '../model/account.ts';
import type { ApiKey, ApiKeys, Caller, Spending } from '../model/api-key.ts';
import { noSpending } from '../model/api-key.ts';
import { playCreditsOf } from '../model/canary.ts';
import type { Clock } from '../model/clock.ts';
import { isTestAccount, playDayOf } from '../model/mode.ts';
import { toCredits } from '../model/money.ts';
import { Problem } from '../model/problem.ts';

type Deps = {
  readonly accounts: Pick<Accounts, 'find'>;
  readonly keys: Pick<ApiKeys, 'find' | 'spending'>;
  readonly now: Clock;
};

/** The credits a caller has left and has used: of this key (`token`) and of its account (`user`). */
export const getCredits =
  ({ accounts, keys, now }: Deps) =>
  async ({ account, keyId }: Pick<Caller, 'account' | 'keyId'>) => {
    const [funds, key] = await Promise.all([accounts.find(account), keys.find(keyId)]);
    if (!funds && !isTestAccount(account)) throw new Error(`the account ${account} does not exist`);
    if (!key) throw new Problem('unauthorized', 'The API key is not valid.');
    const balance = balanceAt(account, funds, now());
    const spending = (await keys.spending([key])).get(keyId) ?? noSpending;
    return {
      data: {
        token: {
          id: keyId,
          name: key.name,
          scopes: [...key.scopes],
          remaining_credits: toCredits(remaining(key, spending, balance)),
          unlimited_credits: key.totalLimit === undefined,
          used_credits: toCredits(spending.used),
          ...dailyOf(key, spending),
        },
        user: { remaining_credits: toCredits(balance), used_credits: toCredits(funds?.used ?? 0) },
      },
      message: '' as const,
      success: true as const,
    };
  };

/** The balance that the next create will find: in test mode, the first create of a day fills it up. */
function balanceAt(account: string, funds: Account | undefined, at: number): number {
  const { balance = 0, refilledOn = '' } = funds ?? {};
  if (!isTestAccount(account) || refilledOn >= playDayOf(at)) return balance;
  return Math.max(balance, playCreditsOf(account));
}

// A key without a limit may spend the whole balance of its account.
const remaining = (
  { totalLimit }: ApiKey,
  { used, reserved }: Spending,
  balance: number,
): number => (totalLimit === undefined ? balance : Math.max(0, totalLimit - used - reserved));

const dailyOf = ({ dailyLimit, timeZone }: ApiKey, { today = 0 }: Spending) =>
  dailyLimit !== undefined && {
    daily_limit_credits: toCredits(dailyLimit),
    daily_used_credits: toCredits(today),
    reset_timezone: timeZone,
  };
