import * as z from 'zod';
import type { Executions } from './executions.ts';
import { TaskFailure } from './failure.ts';
import { Paging, page } from './page.ts';
import { Refusal } from './refusal.ts';
import type { TokenBook } from './token-book.ts';
import { description, machineView, seconds, statuses, statusOf, summary } from './views.ts';

/** One operation of the API: reads a request's body, makes the response's. */
export type Operation = (body: unknown) => object;

/** The part of the API that works here, by the names of its operations. */
export const operations = (
  executions: Executions,
  tokens: TokenBook,
): Readonly<Record<string, Operation>> => ({
  StartExecution: start(executions),
  StopExecution: stop(executions),
  DescribeExecution: describe(executions),
  GetExecutionHistory: history(executions),
  ListExecutions: list(executions),
  DescribeStateMachine: describeMachine(executions),
  SendTaskSuccess: succeed(tokens),
  SendTaskFailure: fail(tokens),
  SendTaskHeartbeat: heartbeat(tokens),
});

const arn = z.string().min(1).max(256);
const maxBytes = 256 * 1024;
const json = z.string().refine((text) => Buffer.byteLength(text) <= maxBytes, {
  error: `Member must have length less than or equal to ${maxBytes}`,
});
const taskToken = z.string().min(1).max(2048);
const failing = { error: z.string().max(256).optional(), cause: z.string().max(32_768).optional() };

function operation<T>(schema: z.ZodType<T>, run: (request: T) => object): Operation {
  return (body) => {
    const { success, data, error } = schema.safeParse(body);
    if (success) return run(data);
    const faults = error.issues.map(
      ({ path, message }) =>
        `Value at '${path.join('.')}' failed to satisfy constraint: ${message}`,
    );
    throw new Refusal(
      'ValidationException',
      `${faults.length} validation error detected: ${faults.join('; ')}`,
    );
  };
}

const start = (executions: Executions) =>
  operation(
    z.object({
      stateMachineArn: arn,
      name: z
        .string()
        .min(1)
        .max(80, 'Member must have length less than or equal to 80')
        .optional(),
      input: json.optional(),
    }),
    (request) => {
      const { order, startedAt } = executions.start(request);
      return { executionArn: order.arn, startDate: seconds(startedAt) };
    },
  );

const stop = (executions: Executions) =>
  operation(z.object({ executionArn: arn, ...failing }), ({ executionArn, ...failure }) => {
    const execution = executions.find(executionArn);
    execution.end({ status: 'ABORTED', ...failure });
    return { stopDate: seconds(execution.ended?.at) };
  });

const describe = (executions: Executions) =>
  operation(z.object({ executionArn: arn }), ({ executionArn }) =>
    description(executions.find(executionArn)),
  );

const history = (executions: Executions) =>
  operation(
    Paging.extend({ executionArn: arn, reverseOrder: z.boolean().optional() }),
    ({ executionArn, reverseOrder, ...paging }) => {
      const { history: events } = executions.find(executionArn);
      const { items, nextToken } = page(reverseOrder ? events.toReversed() : events, paging);
      return { events: items, nextToken };
    },
  );

const list = (executions: Executions) =>
  operation(
    Paging.extend({ stateMachineArn: arn, statusFilter: z.enum(statuses).optional() }),
    ({ stateMachineArn, statusFilter, ...paging }) => {
      const all = executions.of(executions.machine(stateMachineArn));
      const wanted = all.filter((one) => !statusFilter || statusOf(one) === statusFilter);
      const { items, nextToken } = page(wanted, paging);
      return { executions: items.map(summary), nextToken };
    },
  );

const describeMachine = (executions: Executions) =>
  operation(z.object({ stateMachineArn: arn }), ({ stateMachineArn }) =>
    machineView(executions.machine(stateMachineArn)),
  );

const succeed = (tokens: TokenBook) =>
  operation(z.object({ taskToken, output: json }), ({ taskToken: token, output }) => {
    const attempt = tokens.waiting(token);
    attempt.succeed(parsed(output));
    return {};
  });

const fail = (tokens: TokenBook) =>
  operation(z.object({ taskToken, ...failing }), ({ taskToken: token, error = '', cause }) => {
    tokens.waiting(token).fail(new TaskFailure(error, cause));
    return {};
  });

// Only says whether somebody still waits: a definition with HeartbeatSeconds is refused.
const heartbeat = (tokens: TokenBook) =>
  operation(z.object({ taskToken }), ({ taskToken: token }) => {
    tokens.waiting(token);
    return {};
  });

function parsed(output: string): unknown {
  try {
    return JSON.parse(output);
  } catch {
    throw new Refusal('InvalidOutput', `Invalid Output: '${output}'`);
  }
}
