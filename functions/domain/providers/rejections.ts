import type { ProviderName } from '../model/catalogue.ts';
import { failures } from '../model/failures.ts';
import type { TaskErrorCode } from '../model/problem.ts';
import type { Failure } from '../model/task.ts';

// Jobs that providers do not accept are counted for the operator, by the error code that a caller would get. Only a rejection
// is written: an accepted job costs no write.

/** How many days are kept, today included. */
export const rejectionDays = 7;

/** Jobs that a provider did not accept on a day of UTC. */
export type RejectionCount = {
  readonly day: string;
  readonly code: TaskErrorCode;
  readonly count: number;
};

export type Rejections = {
  /** Counts one rejection. */
  record(provider: ProviderName, code: TaskErrorCode): Promise<void>;
  /** The counts of the last days, the newest day first. */
  recent(provider: ProviderName): Promise<readonly RejectionCount[]>;
};

/** How a provider declined a job. */
type Rejected =
  | { readonly state: 'busy' }
  | { readonly state: 'operator_must_act'; readonly error: { readonly failure: Failure } };

/** The code by which a rejection is counted: the one that a task fails with for it. */
export function rejectionCode(rejected: Rejected): TaskErrorCode {
  switch (rejected.state) {
    case 'busy':
      return failures.providerBusy.code;
    case 'operator_must_act':
      return rejected.error.failure.code;
    default:
      return rejected satisfies never;
  }
}
