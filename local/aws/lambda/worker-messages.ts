import type { InvokeResult } from './invoke-result.ts';

/** What a worker gets when it starts. */
export type WorkerStart = {
  readonly directory: string;
  /** The directory for compiled code, which the next sandbox of the function finds there. */
  readonly compileCache: string;
  readonly handler: string;
  readonly functionName: string;
  readonly functionArn: string;
  readonly memoryMb: number;
  /** A module whose function `install` is called with `data` before the bundle is loaded. */
  readonly prelude?: { readonly module: string; readonly data: unknown } | undefined;
};

/** One event. The payload is passed as JSON, as it is on AWS. */
export type WorkerEvent = {
  readonly requestId: string;
  readonly payload: string;
  readonly deadlineMs: number;
};

export type WorkerMessage =
  /** The bundle is loaded, or has failed to load; the function's timeout counts from here. */
  | { readonly kind: 'ready' }
  /** A piece of the output, which may end within a line. */
  | { readonly kind: 'printed'; readonly stream: 'stdout' | 'stderr'; readonly text: string }
  | { readonly kind: 'returned'; readonly payload: string }
  /** `isFatal`: the sandbox must not get another event. */
  | {
      readonly kind: 'threw';
      readonly isFatal: boolean;
      readonly result: Extract<InvokeResult, { ok: false }>;
    };
