import {
  admit,
  type Call,
  identify,
  json,
  type Protocol,
  type Route,
  type Studio,
} from './call.ts';
import { Refusal } from './codes.ts';
import { readOrder } from './fal-order.ts';
import { signer } from './fal-signer.ts';
import { linksOf, resultAnswer, statusAnswer } from './fal-view.ts';
import { problem } from './fal-words.ts';
import { type Job, statusOf } from './jobs.ts';
import { linkTo } from './results.ts';

type Signer = ReturnType<typeof signer>;

/** fal's queue, with its signed webhooks. A wrong input is refused at once, not when the model has it. */
export function fal(now: () => number): Protocol {
  const seal = signer(now);
  return {
    routes: [
      ['POST', /^\/fal-ai\/wan-25-preview\/image-to-image$/, submitWith(seal)],
      ['GET', /^\/fal-ai\/wan-25-preview\/requests\/([^/]+)\/status$/, status],
      ['GET', /^\/fal-ai\/wan-25-preview\/requests\/([^/]+)$/, response],
      ['PUT', /^\/fal-ai\/wan-25-preview\/requests\/([^/]+)\/cancel$/, cancel],
      ['GET', /^\/\.well-known\/jwks\.json$/, () => json(200, seal.keySet)],
    ],
    refuse: problem,
  };
}

const submitWith =
  (seal: Signer): Route =>
  (studio, call) => {
    const { jobs, counts } = studio;
    counts.submits += 1;
    identify(call, 'Key');
    const order = readOrder(call.body);
    const { isLost, fate } = admit(studio);
    const webhook = call.url.searchParams.get('fal_webhook');
    const { id } = jobs.add(order, fate, {
      whenOver: webhook ? (over) => callBack(studio, call, over, { webhook, seal }) : undefined,
    });
    counts.accepted += 1;
    if (isLost) return { kind: 'lost' };
    return json(200, { status: 'IN_QUEUE', ...linksOf(id, call.url), queue_position: 0 });
  };

const status: Route = (studio, call, id) => {
  const { control, counts, now } = studio;
  counts.polls += 1;
  identify(call, 'Key');
  if (control.take('poll') === 'busy') throw new Refusal('Throttling.RateQuota');
  const job = studio.jobs.find(id);
  return job ? statusAnswer(job, now(), call.url) : unknownRequest;
};

const response: Route = (studio, call, id) => {
  identify(call, 'Key');
  const job = studio.jobs.find(id);
  if (!job) return unknownRequest;
  const isOver = !['PENDING', 'RUNNING'].includes(statusOf(job, studio.now()));
  if (!isOver) return json(400, { detail: 'Request is still in progress' });
  return resultAnswer(job, linkTo(studio, call, job));
};

const cancel: Route = ({ jobs, counts, now }, call, id) => {
  counts.cancels += 1;
  identify(call, 'Key');
  const job = jobs.find(id);
  if (!job) return json(404, { status: 'NOT_FOUND' });
  // One that is being painted is asked to stop, and goes on: that is the model's to decide.
  const isHeard = jobs.cancel(id) || statusOf(job, now()) === 'RUNNING';
  return isHeard
    ? json(202, { status: 'CANCELLATION_REQUESTED' })
    : json(400, { status: 'ALREADY_COMPLETED' });
};

const unknownRequest = json(404, { detail: 'Request not found' });

type Address = { readonly webhook: string; readonly seal: Signer };

function callBack(studio: Studio, call: Call, job: Job, { webhook, seal }: Address): void {
  const { status: answered, body: payload } = resultAnswer(job, linkTo(studio, call, job));
  const body = JSON.stringify({
    ...{ request_id: job.id, gateway_request_id: job.id, payload },
    ...(answered === 200
      ? { status: 'OK', error: null }
      : { status: 'ERROR', error: `Unexpected status code: ${answered}` }),
  });
  studio.callbacks.tell({ url: webhook, body, headers: () => seal.headersFor(job.id, body) });
}
