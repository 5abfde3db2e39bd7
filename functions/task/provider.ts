import type { Failure, Options, Painted } from './task.ts';

/** All providers there are; the stage says which of them are asked, and in which order. */
export const providerNames = ['dashscope', 'evolink', 'fal'] as const;
export type ProviderName = (typeof providerNames)[number];

/** One job as every provider understands it. Images are links that work for the next half hour. */
export type Job = {
  readonly taskId: string;
  readonly prompt: string;
  readonly images: readonly string[];
  readonly n: number;
  readonly options: Options;
  /** Where the provider may say that the job is done; it is asked all the same what became of it. */
  readonly callbackUrl?: string | undefined;
};

export type Progress =
  | { readonly state: 'queued' | 'running' }
  | { readonly state: 'succeeded'; readonly images: readonly Painted[] }
  | { readonly state: 'failed'; readonly failure: Failure };

/**
 * The upstream that paints. A ticket is opaque: only the provider that issued it may read it.
 * Polling belongs to the state machine: `poll` asks once.
 */
export type Provider = {
  /** It knows a job again by its task: asked twice, it paints and bills once. */
  readonly idempotent?: boolean;
  /** It calls `callbackUrl` when a job is done, so that polling is only the net below. */
  readonly callsBack?: boolean;
  /**
   * @throws {ProviderBusy} a clear no for now; nothing was accepted
   * @throws {ProviderRefused} a clear no for good
   * @throws {SubmitUnknown} no clear answer: it may have been accepted
   */
  submit(job: Job): Promise<string>;
  /** @throws {ProviderBusy} when it could not be asked right now */
  poll(ticket: string): Promise<Progress>;
  /** Calls a job back, where the provider can: `false` when it goes on. */
  cancel?(ticket: string): Promise<boolean>;
};

/** A provider's callback as it came: names of headers in lower case, the body byte for byte. */
export type ProviderCallback = {
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: string;
};
