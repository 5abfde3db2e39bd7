import { entryIdOf, type NewAccount } from '../model/account.ts';
import { playCreditsOf } from '../model/canary.ts';
import { newWebhookSecret } from '../model/ids.ts';
import { playDayOf, testLimits } from '../model/mode.ts';

/** What gives the test side of an account its play credits of a day. */
export type PlayCreditsRefill = {
  readonly account: string;
  readonly at: number;
  /** The day of UTC; each day refills once. */
  readonly day: string;
  /** What the balance is filled up to, in milli-credits. */
  readonly upTo: number;
  readonly entryId: string;
  /** The test side, for when there is none yet. */
  readonly newAccount: NewAccount;
};

export const playCreditsRefill = (account: string, at: number): PlayCreditsRefill => {
  const day = playDayOf(at);
  return {
    account,
    at,
    day,
    upTo: playCreditsOf(account),
    entryId: entryIdOf(at, `play-${day}`),
    newAccount: {
      account,
      userGroup: 'test',
      limits: { tasksInFlight: testLimits.tasksInFlight },
      // This secret signs nothing: callbacks of both sides are signed with that of the owner.
      webhookSecret: newWebhookSecret(),
      createdAt: at,
    },
  };
};
