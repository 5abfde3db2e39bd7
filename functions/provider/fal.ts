import * as z from 'zod';
import { ProviderBusy, SubmitUnknown } from '../task/failures.ts';
import { deadlineMs } from '../task/prepare-inputs.ts';
import type { Job, Progress, Provider } from '../task/provider.ts';
import { refusalError } from './error-table.ts';
import { refusalOf } from './fal-errors.ts';
import { failureIn, Result, Status, toImages } from './fal-progress.ts';
import { wordsOf } from './fal-words.ts';
import { failed, finished } from './progress.ts';
import { reasons } from './reasons.ts';
import { type Access, type Answer, lineOf, notCalledBack, upstream } from './upstream.ts';

// A request is known by the app, without the rest of the endpoint's path.
const app = '/fal-ai/wan-25-preview';
const endpoint = `${app}/image-to-image`;

// Only the id is kept: a link out of an answer would have to be checked before the key goes there.
const Queued = z.object({ request_id: z.string().regex(/^[\w-]{1,64}$/) });

/** fal's queue, which bills every image it makes, knows no idempotency key, and calls back. */
export function fal(access: Access): Provider {
  const { order, ask, origin } = upstream('Key', access);

  const result = async (path: string, status: z.infer<typeof Status>): Promise<Progress> => {
    const answer = await ask(path);
    const words = wordsOf(answer);
    const made = Result.safeParse(answer.body);
    if (answer.ok && made.success) return finished(toImages(made.data, origin));
    const failure = answer.ok ? undefined : failureIn(answer, words, status);
    if (failure) return failed(failure);
    if (isGone(answer)) return failed(reasons.forgotten);
    throw new ProviderBusy(`result ${lineOf(answer, words)}`);
  };

  return {
    callsBack: true,

    async submit(job) {
      const answer = await order(pathOf(job), {
        method: 'POST',
        headers: { 'Content-Type': 'application/json', ...limits },
        body: JSON.stringify(toBody(job)),
      });
      const words = wordsOf(answer);
      const line = lineOf(answer, words);
      if (!answer.ok) throw refusalError(refusalOf(answer.status, words.code), line);
      const queued = Queued.safeParse(answer.body);
      if (!queued.success) throw new SubmitUnknown(`submit ${line}, but no request id`);
      return queued.data.request_id;
    },

    async poll(ticket) {
      const path = requestPath(ticket);
      const answer = await ask(`${path}/status`);
      if (isGone(answer)) return failed(reasons.forgotten);
      const { success, data } = Status.safeParse(answer.body);
      // Also a refused key: the job goes on without us, and the key may come back before its deadline.
      if (!answer.ok || !success) throw new ProviderBusy(`poll ${lineOf(answer, wordsOf(answer))}`);
      if (data.status === 'COMPLETED') return result(path, data);
      return { state: data.status === 'IN_QUEUE' ? 'queued' : 'running' };
    },

    async cancel(ticket) {
      const path = `${requestPath(ticket)}/cancel`;
      const { ok } = await ask(path, { method: 'PUT' }).catch(notCalledBack);
      return ok;
    },
  };
}

const requestPath = (ticket: string): string => `${app}/requests/${encodeURIComponent(ticket)}`;
const isGone = ({ status }: Answer): boolean => status === 404 || status === 410;

const pathOf = ({ callbackUrl }: Job): string =>
  callbackUrl ? `${endpoint}?${new URLSearchParams({ fal_webhook: callbackUrl })}` : endpoint;

const limits = {
  // To begin, not to end: past the task's deadline nobody waits for the images, and they would be billed.
  'X-Fal-Request-Timeout': `${deadlineMs / 1000}`,
  // We keep a copy. A day, as everywhere else, is time enough to make it.
  'X-Fal-Object-Lifecycle-Preference': JSON.stringify({
    expiration_duration_seconds: 24 * 60 * 60,
  }),
};

// It has no field for prompt_extend and watermark. Fields that were not asked for stay undefined,
// which JSON leaves out.
const toBody = ({ prompt, images, n, options }: Job) => ({
  prompt,
  image_urls: images,
  num_images: n,
  image_size: toSize(options.size),
  negative_prompt: options.negativePrompt,
  seed: options.seed,
});

// Its own default is a square of 512: this has as many pixels as the other providers paint by default.
// They keep the ratio of the last picture, which a job does not tell.
function toSize(size = '1280x1280') {
  const [width, height] = size.split(/[x*]/).map(Number);
  return { width, height };
}
