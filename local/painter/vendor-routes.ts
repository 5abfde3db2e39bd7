import { type Call, type Route, type Studio, vendorAnswer } from './call.ts';
import { Refusal } from './codes.ts';
import { keptMilliseconds } from './jobs.ts';
import { readOrder } from './order.ts';
import { view } from './view.ts';

export const submit: Route = ({ jobs, control, counts }, call) => {
  counts.submits += 1;
  identify(call);
  if (call.header('x-dashscope-async') !== 'enable') {
    throw new Refusal('AccessDenied', 'current user api does not support synchronous calls.');
  }
  const order = readOrder(call.body);
  const { seconds, code } = control.settings();
  const behaviour = control.take('submit');
  if (behaviour === 'busy') throw new Refusal('Throttling.RateQuota');
  if (behaviour === 'refused') throw new Refusal(code ?? 'DataInspectionFailed');
  const { id } = jobs.add(order, { seconds, code, outcome: control.take('outcome') });
  counts.accepted += 1;
  if (behaviour === 'lost') return { kind: 'lost' };
  return vendorAnswer(200, { output: { task_status: 'PENDING', task_id: id } });
};

export const poll: Route = (studio, call, id) => {
  const { jobs, control, counts, now } = studio;
  counts.polls += 1;
  identify(call);
  if (control.take('poll') === 'busy') throw new Refusal('Throttling.RateQuota');
  const job = jobs.find(id);
  if (!job) return vendorAnswer(200, { output: { task_id: id, task_status: 'UNKNOWN' } });
  return vendorAnswer(
    200,
    view(job, now(), (n) => resultLink(studio, call, `${id}/${n}`, job.finishedAt)),
  );
};

export const cancel: Route = ({ jobs, counts }, call, id) => {
  counts.cancels += 1;
  identify(call);
  if (jobs.cancel(id)) return vendorAnswer(200, {});
  throw new Refusal(
    'UnsupportedOperation',
    'Failed to cancel the task, please confirm if the task is in PENDING status.',
  );
};

/** A picture that was made, for whoever has a link of the last 24 hours. */
export const result: Route = ({ jobs, links }, { url }, id, n) => {
  if (!links.isValid(url)) throw new Refusal('AccessDenied', 'Request has expired.');
  const made = jobs.find(id)?.result;
  const item = made && 'items' in made ? made.items[Number(n) - 1] : undefined;
  if (!item || !('png' in item)) throw new Refusal('AccessDenied', 'There is no such picture.');
  return { kind: 'picture', type: 'image/png', bytes: item.png };
};

function identify(call: Call): void {
  const key = /^Bearer (\S+)$/.exec(call.header('authorization') ?? '');
  if (!key) throw new Refusal('InvalidApiKey');
}

const resultLink = (
  { links, now }: Studio,
  { url }: Call,
  name: string,
  finishedAt = now(),
): string => new URL(links.to(`/results/${name}.png`, finishedAt + keptMilliseconds), url).href;
