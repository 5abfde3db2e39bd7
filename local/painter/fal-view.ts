import { type Answer, json } from './call.ts';
import { cancelled, problem, traces } from './fal-words.ts';
import { type Job, statusOf } from './jobs.ts';
import { picturesOf } from './results.ts';

/** The links of a request, at the address that its orderer knows. */
export function linksOf(id: string, base: URL) {
  const response_url = new URL(`/fal-ai/wan-25-preview/requests/${id}`, base).href;
  return {
    request_id: id,
    response_url,
    status_url: `${response_url}/status`,
    cancel_url: `${response_url}/cancel`,
  };
}

/** The answer to the question after a status. */
export function statusAnswer(job: Job, now: number, base: URL): Answer {
  const status = statusOf(job, now);
  const request = linksOf(job.id, base);
  if (status === 'PENDING') return json(202, { status: 'IN_QUEUE', ...request, queue_position: 0 });
  if (status === 'RUNNING') return json(202, { status: 'IN_PROGRESS', ...request });
  return json(200, { status: 'COMPLETED', ...request, ...failureOf(job) });
}

function failureOf({ canceledAt, result }: Job) {
  if (canceledAt !== undefined) {
    return { error: cancelled.body.detail, error_type: cancelled.body.error_type };
  }
  return result && 'failure' in result ? traces(result.failure) : {};
}

/** What the model said: its result, or the error that stands in its place. */
export function resultAnswer(job: Job, linkTo: (n: number) => string) {
  const { result, order, canceledAt } = job;
  if (canceledAt !== undefined) return inJson(json(cancelled.status, cancelled.body));
  if (result && 'failure' in result) return inJson(problem(result.failure));
  const images = picturesOf(job).map(({ n, png }) => ({
    url: linkTo(n),
    content_type: 'image/png',
    file_name: `${n}.png`,
    file_size: png.length,
  }));
  const seeds = images.map((_, index) => (order.seed ?? 0) + index);
  return inJson(json(200, { images, seeds, actual_prompt: order.prompt }));
}

const inJson = (answer: Answer) => {
  if (answer.kind !== 'json') throw new Error('a result is JSON');
  return answer;
};
