import { randomUUID } from 'node:crypto';
import { type Answer, admit, identify, json, type Protocol, type Route } from './call.ts';
import { Refusal } from './codes.ts';
import { readOrder } from './dashscope-order.ts';
import { view } from './dashscope-view.ts';
import { linkTo } from './results.ts';

const submit: Route = (studio, call) => {
  const { jobs, counts } = studio;
  counts.submits += 1;
  identify(call, 'Bearer');
  if (call.header('x-dashscope-async') !== 'enable') {
    throw new Refusal('AccessDenied', 'current user api does not support synchronous calls.');
  }
  const order = readOrder(call.body);
  const { isLost, fate } = admit(studio);
  const { id } = jobs.add(order, fate);
  counts.accepted += 1;
  if (isLost) return { kind: 'lost' };
  return answer(200, { output: { task_status: 'PENDING', task_id: id } });
};

const poll: Route = (studio, call, id) => {
  const { jobs, control, counts, now } = studio;
  counts.polls += 1;
  identify(call, 'Bearer');
  if (control.take('poll') === 'busy') throw new Refusal('Throttling.RateQuota');
  const job = jobs.find(id);
  if (!job) return answer(200, { output: { task_id: id, task_status: 'UNKNOWN' } });
  return answer(200, view(job, now(), linkTo(studio, call, job)));
};

const cancel: Route = ({ jobs, counts }, call, id) => {
  counts.cancels += 1;
  identify(call, 'Bearer');
  if (jobs.cancel(id)) return answer(200, {});
  throw new Refusal(
    'UnsupportedOperation',
    'Failed to cancel the task, please confirm if the task is in PENDING status.',
  );
};

/** Every answer of the vendor's carries an id of its own. */
const answer = (status: number, body: object): Answer =>
  json(status, { request_id: randomUUID(), ...body });

/** Model Studio's asynchronous image edit. */
export const dashscope: Protocol = {
  routes: [
    ['POST', /^\/api\/v1\/services\/aigc\/image2image\/image-synthesis$/, submit],
    ['GET', /^\/api\/v1\/tasks\/([^/]+)$/, poll],
    ['POST', /^\/api\/v1\/tasks\/([^/]+)\/cancel$/, cancel],
  ],
  refuse: ({ status, code, message }) => answer(status, { code, message }),
};
