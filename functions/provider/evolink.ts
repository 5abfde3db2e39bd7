import * as z from 'zod';
import { ProviderBusy, SubmitUnknown } from '../task/failures.ts';
import type { Job, Provider } from '../task/provider.ts';
import { refusalError } from './error-table.ts';
import { refusalOf } from './evolink-errors.ts';
import { isForgotten, Polled, toProgress } from './evolink-progress.ts';
import { wordsOf } from './evolink-words.ts';
import { failed } from './progress.ts';
import { reasons } from './reasons.ts';
import { type Access, lineOf, upstream } from './upstream.ts';

// Only the field we read: an upstream that adds one must not break us.
const Created = z.object({ id: z.string().min(1) });

/**
 * EvoLink's gateway. It knows a submit again by its idempotency key, calls back unsigned, and has no
 * way to call a job back.
 */
export function evolink(access: Access): Provider {
  const { order, ask, origin } = upstream('Bearer', access);

  return {
    idempotent: true,
    callsBack: true,

    async submit(job) {
      const answer = await order('/v1/images/generations', {
        method: 'POST',
        headers: { 'Content-Type': 'application/json', 'Idempotency-Key': keyOf(job) },
        body: JSON.stringify(toBody(job, origin)),
      });
      const words = wordsOf(answer);
      const line = lineOf(answer, words);
      if (!answer.ok) throw refusalError(refusalOf(answer.status, words.code), line);
      const created = Created.safeParse(answer.body);
      if (!created.success) throw new SubmitUnknown(`submit ${line}, but no task id`);
      return created.data.id;
    },

    async poll(ticket) {
      const answer = await ask(`/v1/tasks/${encodeURIComponent(ticket)}`);
      const words = wordsOf(answer);
      if (isForgotten(answer, words)) return failed(reasons.forgotten);
      const polled = Polled.safeParse(answer.body);
      // Also a refused key: the job goes on without us, and the key may come back before its deadline.
      if (!answer.ok || !polled.success) throw new ProviderBusy(`poll ${lineOf(answer, words)}`);
      return toProgress(polled.data, words);
    },
  };
}

// The same for every try, and within the 16 to 96 characters of A-Za-z0-9._- that a key may have.
const keyOf = ({ taskId }: Job): string => `darkroom.${taskId}`;

// Its page names no options for this model. They bear the names that its text-to-image page and its
// upstream give them: a field it does not know is passed on or ignored, while a wish left out is lost
// for sure. Those that were not asked for stay undefined, which JSON leaves out.
const toBody = ({ prompt, images, n, options, callbackUrl }: Job, origin: string) => ({
  model: 'wan2.5-image-to-image',
  prompt,
  image_urls: images,
  n, // always: its default is printed nowhere, and each one is paid for
  callback_url: callbackUrl && isTaken(callbackUrl, origin) ? callbackUrl : undefined,
  size: options.size?.replace('*', 'x'),
  seed: options.seed,
  negative_prompt: options.negativePrompt,
  prompt_extend: options.promptExtend,
  watermark: options.watermark,
});

// Any other is refused there, and the job with it; polling finds out all the same. A laptop's upstream
// is itself not spoken to over TLS.
const isTaken = (callbackUrl: string, origin: string): boolean =>
  callbackUrl.length <= 2048 && (callbackUrl.startsWith('https:') || origin.startsWith('http:'));
