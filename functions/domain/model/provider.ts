import type { Failure, GeneratedImage, Options } from './task.ts';

/** How long a provider may take to answer a request, in milliseconds. */
export const providerDeadlineMs = 10_000;

/** One job, in the form that all providers share. Images are links that work for the next half hour. */
export type Job = {
  readonly taskId: string;
  /** The name of the model at this provider. */
  readonly model: string;
  readonly prompt: string;
  readonly images: readonly string[];
  readonly n: number;
  readonly options: Options;
  /** How often a provider was too busy for this job before. */
  readonly busyCount?: number | undefined;
  /** Where the provider may report that the job is done; it is polled for the result all the same. */
  readonly webhookUrl?: string | undefined;
};

export type Progress =
  | { readonly state: 'queued' | 'running' }
  | { readonly state: 'succeeded'; readonly images: readonly GeneratedImage[] }
  | { readonly state: 'failed'; readonly failure: Failure };

/**
 * The upstream that generates the images. A ticket is opaque: only the provider that issued it may read
 * it. Polling belongs to the state machine: `poll` asks once.
 */
export type Provider = {
  /** It deduplicates by task: the same job submitted twice is generated and billed once. */
  readonly idempotent?: boolean;
  /** It calls `webhookUrl` when a job is done, so that polling is only the fallback. */
  readonly supportsWebhook?: boolean;
  /** How long the provider can say how a job has ended, in milliseconds from the submit. */
  readonly retentionMs: number;
  /**
   * @throws {ProviderBusy} not accepted, may be retried
   * @throws {ProviderRejected} not accepted, and never will be
   * @throws {SubmitUnknown} no clear response: it may have been accepted
   */
  submit(job: Job): Promise<string>;
  /**
   * Waits for the response `deadlineMs` at most.
   * @throws {ProviderBusy} when the provider did not say what state the job is in; the next poll retries
   */
  poll(ticket: string, deadlineMs?: number): Promise<Progress>;
  /**
   * Asks the provider to cancel a job, where that is possible, and waits for the response `deadlineMs` at most. The
   * next poll says what became of the job.
   */
  cancel?(ticket: string, deadlineMs?: number): Promise<CancelResult>;
};

/**
 * What a provider said to a request to cancel a job.
 * - `cancelled`: it says that the job is cancelled.
 * - `requested`: it has passed the request on, which confirms nothing.
 * - `refused`: the job has begun or ended, or does not exist.
 * - `unknown`: there was no clear response, and the request may be repeated.
 */
export type CancelResult = 'cancelled' | 'requested' | 'refused' | 'unknown';

/** A provider's webhook as it arrived: header names in lower case, the body byte for byte. */
export type ProviderWebhook = {
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: string;
};

/** Whether the provider's own signature is genuine; `undefined` when the webhook has none. */
export type WebhookVerifier = (webhook: ProviderWebhook) => Promise<boolean | undefined>;
