import type { Accounts } from '../model/account.ts';
import type { ApiKey, ApiKeys, Caller } from '../model/api-key.ts';
import type { Clock } from '../model/clock.ts';
import { toCredits } from '../model/money.ts';
import { Problem } from '../model/problem.ts';
import { usedToday } from './ledger.ts';

type Deps = {
  readonly accounts: Pick<Accounts, 'find'>;
  readonly keys: Pick<ApiKeys, 'find'>;
  readonly now: Clock;
};

/** The credits a caller has left and has used: of this key (`token`) and of its account (`user`). */
export const getCredits =
  ({ accounts, keys, now }: Deps) =>
  async ({ account, keyId }: Pick<Caller, 'account' | 'keyId'>) => {
    const [funds, key] = await Promise.all([accounts.find(account), keys.find(keyId)]);
    if (!funds) throw new Error(`the account ${account} does not exist`);
    if (!key) throw new Problem('unauthorized', 'The API key is not valid.');
    return {
      data: {
        token: {
          remaining_credits: toCredits(remaining(key, funds.balance)),
          unlimited_credits: key.totalLimit === undefined,
          used_credits: toCredits(key.used),
          ...dailyOf(key, now()),
        },
        user: { remaining_credits: toCredits(funds.balance), used_credits: toCredits(funds.used) },
      },
      message: '' as const,
      success: true as const,
    };
  };

// A key without a limit may spend the whole balance of its account.
const remaining = ({ totalLimit, used, reserved }: ApiKey, balance: number): number =>
  totalLimit === undefined ? balance : Math.max(0, totalLimit - used - reserved);

const dailyOf = (key: ApiKey, now: number) =>
  key.dailyLimit !== undefined && {
    daily_limit_credits: toCredits(key.dailyLimit),
    daily_used_credits: toCredits(usedToday(key, now)),
    reset_timezone: key.timeZone,
  };
