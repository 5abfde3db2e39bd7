import * as z from 'zod';
import { StepFunctionsError } from './error.ts';
import {
  executionDescription,
  executionSummary,
  machineDescription,
  statuses,
  statusOf,
  toSeconds,
} from './execution-view.ts';
import type { Executions } from './executions.ts';
import { TaskFailure } from './task-failure.ts';
import type { TaskTokens } from './task-tokens.ts';

/** One operation of the API: gets the body of a request, returns that of the response. */
export type Operation = (body: unknown) => object;

/** The operations that this Step Functions has, by name. */
export const operations = (
  executions: Executions,
  tokens: TaskTokens,
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
const errorDetails = {
  error: z.string().max(256).optional(),
  cause: z.string().max(32_768).optional(),
};

function operation<T>(schema: z.ZodType<T>, run: (request: T) => object): Operation {
  return (body) => {
    const { success, data, error } = schema.safeParse(body);
    if (success) return run(data);
    const problems = error.issues.map(
      ({ path, message }) =>
        `Value at '${path.join('.')}' failed to satisfy constraint: ${message}`,
    );
    throw new StepFunctionsError(
      'ValidationException',
      `${problems.length} validation error detected: ${problems.join('; ')}`,
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
      const { arn: executionArn, startedAt } = executions.start(request);
      return { executionArn, startDate: toSeconds(startedAt) };
    },
  );

const stop = (executions: Executions) =>
  operation(z.object({ executionArn: arn, ...errorDetails }), ({ executionArn, ...failure }) => {
    const { ended } = executions.stop(executionArn, failure);
    return { stopDate: toSeconds(ended?.at) };
  });

const describe = (executions: Executions) =>
  operation(z.object({ executionArn: arn }), ({ executionArn }) =>
    executionDescription(executions.status(executionArn)),
  );

const history = (executions: Executions) =>
  operation(
    Paging.extend({ executionArn: arn, reverseOrder: z.boolean().optional() }),
    ({ executionArn, reverseOrder, ...paging }) => {
      const events = executions.history(executionArn);
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
      return { executions: items.map(executionSummary), nextToken };
    },
  );

const describeMachine = (executions: Executions) =>
  operation(z.object({ stateMachineArn: arn }), ({ stateMachineArn }) =>
    machineDescription(executions.machine(stateMachineArn)),
  );

const succeed = (tokens: TaskTokens) =>
  operation(z.object({ taskToken, output: json }), ({ taskToken: token, output }) => {
    const attempt = tokens.pendingAttempt(token);
    attempt.succeed(parseOutput(output));
    return {};
  });

const fail = (tokens: TaskTokens) =>
  operation(z.object({ taskToken, ...errorDetails }), ({ taskToken: token, error = '', cause }) => {
    tokens.pendingAttempt(token).fail(new TaskFailure(error, cause));
    return {};
  });

const heartbeat = (tokens: TaskTokens) =>
  operation(z.object({ taskToken }), ({ taskToken: token }) => {
    tokens.pendingAttempt(token).heartbeat();
    return {};
  });

function parseOutput(output: string): unknown {
  try {
    return JSON.parse(output);
  } catch {
    throw new StepFunctionsError('InvalidOutput', `Invalid Output: '${output}'`);
  }
}

const Paging = z.object({
  maxResults: z.int().min(0).max(1000).optional(),
  nextToken: z.string().optional(),
});

/** A page of a list; the token is the index at which the next page starts. */
function page<T>(all: readonly T[], { maxResults, nextToken = '0' }: z.infer<typeof Paging>) {
  const from = Number(nextToken);
  if (!Number.isInteger(from))
    throw new StepFunctionsError('InvalidToken', "Invalid Token: 'Invalid token'");
  const to = from + (maxResults || 100);
  return { items: all.slice(from, to), nextToken: to < all.length ? String(to) : undefined };
}
