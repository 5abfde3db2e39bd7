import type { InvokeAnswer } from './invoke-answer.ts';

/** What a worker is told when it starts. */
export type WorkerStart = {
  readonly directory: string;
  readonly handler: string;
  readonly functionName: string;
  readonly functionArn: string;
  readonly memoryMb: number;
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
    };
