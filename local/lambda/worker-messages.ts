import type { Ahead } from '../clock.ts';
import type { Gate } from './gate.ts';
import type { InvokeAnswer } from './invoke-answer.ts';

/** What a worker is told when it starts. */
export type WorkerStart = {
  readonly directory: string;
  readonly handler: string;
  readonly functionName: string;
  readonly functionArn: string;
  readonly memoryMb: number;
  /** Only there when the function's outgoing calls are watched. */
  readonly gate?: Gate | undefined;
  /** Only there when the function lives by another clock than the machine's. */
  readonly ahead?: Ahead | undefined;
};

/** One event. The payload crosses as JSON, as it does on AWS. */
export type WorkerEvent = {
  readonly requestId: string;
  readonly payload: string;
  readonly deadlineMs: number;
};

export type WorkerMessage =
  /** The bundle is loaded, or has failed to; time counts from here. */
  | { readonly kind: 'ready' }
  | { readonly kind: 'returned'; readonly payload: string }
  /** `isFatal`: the sandbox must not see another event. */
  | {
      readonly kind: 'threw';
      readonly isFatal: boolean;
      readonly answer: Extract<InvokeAnswer, { ok: false }>;
    }
  /** The worker stands at its gate before a call. */
  | { readonly kind: 'calling'; readonly call: string }
  /** The worker has the answer of the call it must not outlive, and stands at its gate for good. */
  | { readonly kind: 'called' };
