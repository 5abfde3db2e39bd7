import type { ProviderBusy, ProviderRefused } from './failures.ts';
import type { Clock, Inputs, Tasks } from './ports.ts';
import type { Provider, ProviderName } from './provider.ts';

/** What handing a job to a provider needs. */
export type Submission = {
  readonly tasks: Tasks;
  readonly inputs: Pick<Inputs, 'link'>;
  readonly providers: Readonly<
    Record<ProviderName, Pick<Provider, 'submit' | 'idempotent' | 'callsBack'>>
  >;
  /** Those that can paint a model and have a key, in the order in which they are asked. */
  readonly offered: (model: string) => Promise<readonly ProviderName[]>;
  /** Where a provider may say that it is done. */
  readonly callbackUrl: (provider: ProviderName, taskId: string) => Promise<string>;
  readonly usualSeconds: (model: string, provider: ProviderName) => Promise<number>;
  readonly now: Clock;
  /** Somebody has to know: it cannot be told whether the provider took the job. */
  readonly outcomeUnknown: (taskId: string) => void;
  /** Somebody has to act: a provider refuses the operator, not the caller. */
  readonly operatorMustAct: (taskId: string, cause: ProviderRefused) => void;
  /** Another provider is asked instead. */
  readonly passedOver: (
    taskId: string,
    provider: ProviderName,
    cause: ProviderBusy | ProviderRefused,
  ) => void;
};
