import type * as z from 'zod';
import type { Caller } from '../model/api-key.ts';
import { defaultModel } from '../model/catalogue.ts';
import type { Clock } from '../model/clock.ts';
import { pathTo, resultPath } from '../model/paths.ts';
import { Problem } from '../model/problem.ts';
import { quoteText, statusProblem } from '../model/receiver-response.ts';
import { type Completed, callbackEventId, type WithRequest } from '../model/task.ts';
import { completedBody } from '../wire/view.ts';
import type { WebhookTestRequest } from './account-request.ts';
import type * as schemas from './schemas.ts';

/**
 * The result of a test event: the response, or why there was none. `text` is the beginning of the response, if it is
 * text.
 */
export type TestDelivery = { readonly ms: number } & (
  | { readonly status: number; readonly text: string | undefined }
  | { readonly cause: Error }
);

type Deps = {
  /** @throws {Problem} `rate_limit_exceeded` when the account has sent too many */
  readonly countTestEvent: (caller: Caller) => Promise<void>;
  /** Why a URL may not be used. */
  readonly urlProblem: (url: string) => string | undefined;
  /** Signs the body with the secrets of the account and posts it, once. The message of a `cause` is public. */
  readonly deliver: (
    account: string,
    event: { readonly id: string; readonly url: string; readonly body: string },
  ) => Promise<TestDelivery>;
  /** Makes the id of a task that cannot exist. */
  readonly newTestTaskId: (nowMs: number) => string;
  readonly baseUrl: string;
  readonly now: Clock;
};

/**
 * Sends an event that no task has caused, so that an account can try its receiver. It looks like the callback of a
 * completed task, except for its id and its type. Nothing is stored, and it is sent once.
 * @throws {Problem} `invalid_request` when the URL may not be used, `rate_limit_exceeded`
 */
export const testWebhook =
  (deps: Deps) =>
  async (
    caller: Caller,
    { url }: WebhookTestRequest,
  ): Promise<z.input<typeof schemas.WebhookTest>> => {
    const problem = deps.urlProblem(url);
    if (problem) throw new Problem('invalid_request', `url ${problem}`, { param: 'url' });
    await deps.countTestEvent(caller);
    const now = deps.now();
    const event = testEvent(deps.newTestTaskId(now), caller, deps.baseUrl, now);
    const id = callbackEventId(event.id);
    const delivery = await deps.deliver(caller.account, { id, url, body: JSON.stringify(event) });
    return webhookTestView(id, delivery);
  };

/** The body of a test event. Its link leads to no image. */
export function testEvent(
  id: string,
  { account, keyId, userGroup }: Pick<Caller, 'account' | 'keyId' | 'userGroup'>,
  baseUrl: string,
  now: number,
): z.input<typeof schemas.TestEvent> {
  const task: WithRequest<Completed> = {
    id,
    account,
    keyId,
    userGroup,
    model: defaultModel.id,
    prompt: '',
    n: 1,
    options: {},
    inputs: [],
    createdAt: now,
    finishedAt: now,
    reserved: 0,
    charged: 0,
    status: 'completed',
    images: [{ key: '', contentType: 'image/png', bytes: 0 }],
    failures: [],
  };
  const resultLink = (n: number) => `${baseUrl}${pathTo(resultPath, { task: id, n })}`;
  return { ...completedBody(task, { resultLink }), type: 'test.image' };
}

/** The response to a test. */
export function webhookTestView(
  eventId: string,
  delivery: TestDelivery,
): z.input<typeof schemas.WebhookTest> {
  const status = 'status' in delivery ? delivery.status : null;
  const text = 'status' in delivery ? delivery.text : undefined;
  const reason = reasonOf(delivery);
  return {
    object: 'webhook_test',
    event_id: eventId,
    delivered: reason === null,
    status,
    ms: delivery.ms,
    reason,
    response_text: text === undefined ? null : quoteText(text),
  };
}

function reasonOf(delivery: TestDelivery): string | null {
  const problem = 'cause' in delivery ? delivery.cause.message : statusProblem(delivery.status);
  return problem === undefined ? null : `url ${problem}`;
}
