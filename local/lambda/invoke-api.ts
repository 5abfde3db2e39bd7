import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { readBody } from '../http-api/read-body.ts';
import { listen, type Running } from '../listen.ts';
import { everybodyMay, type Judge, signerOf } from '../rights/judge.ts';
import type { InvokeAnswer } from './invoke-answer.ts';
import type { LambdaRunner } from './lambda.ts';

type Options = {
  readonly lambda: Pick<LambdaRunner, 'find' | 'invoke'>;
  readonly port?: number;
  /** Who may do what; everybody everything without it. */
  readonly judge?: Judge;
};

type Reply = {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
};

/** Lambda's own HTTP API, as far as invoking a function goes. */
export async function startInvokeApi({
  lambda,
  port = 0,
  judge = everybodyMay,
}: Options): Promise<Running> {
  const server = createServer((request, response) => {
    answer(request, lambda, judge)
      .catch((thrown: unknown) => refusal(500, 'ServiceException', String(thrown)))
      .then((reply) => send(reply, response))
      .catch(() => response.destroy());
  });
  return listen(server, port);
}

async function answer(
  request: IncomingMessage,
  lambda: Options['lambda'],
  judge: Judge,
): Promise<Reply> {
  const body = String(await readBody(request));
  const [, name] = /^\/2015-03-31\/functions\/([^/?]+)\/invocations/.exec(request.url ?? '') ?? [];
  if (name === undefined || request.method !== 'POST') {
    return refusal(404, 'UnknownOperationException', 'The laptop only invokes functions');
  }
  const definition = lambda.find(decodeURIComponent(name));
  if (!definition) {
    return refusal(
      404,
      'ResourceNotFoundException',
      `Function not found: ${decodeURIComponent(name)}`,
    );
  }
  const need = { action: 'lambda:InvokeFunction', resource: definition.arn };
  const objection = judge(signerOf(request.headers.authorization), [need]);
  if (objection) return refusal(403, 'AccessDeniedException', objection);
  const payload = parse(body);
  if (!payload) return refusal(400, 'InvalidRequestContentException', 'The payload is not JSON');
  return invoke(definition.arn, payload.value, request.headers['x-amz-invocation-type'], lambda);
}

async function invoke(
  arn: string,
  payload: unknown,
  type: string | string[] | undefined,
  lambda: Options['lambda'],
): Promise<Reply> {
  if (type === 'DryRun') return { status: 204 };
  if (type !== 'Event') return invoked(await lambda.invoke(arn, payload));
  // Accepted means nothing more than that; failures end in the function's log.
  void lambda.invoke(arn, payload, { async: true });
  return { status: 202 };
}

function invoked(answer: InvokeAnswer): Reply {
  const headers = { 'x-amz-executed-version': '$LATEST' };
  if (answer.ok) return { status: 200, headers, body: answer.payload };
  const { ok: _, ...error } = answer;
  return { status: 200, headers: { ...headers, 'x-amz-function-error': 'Unhandled' }, body: error };
}

function parse(body: string): { readonly value: unknown } | undefined {
  try {
    return { value: body === '' ? {} : JSON.parse(body) };
  } catch {
    return undefined;
  }
}

const refusal = (status: number, type: string, message: string): Reply => ({
  status,
  headers: { 'x-amzn-errortype': type },
  body: { Type: 'User', Message: message },
});

function send({ status, headers, body }: Reply, response: ServerResponse): void {
  response.writeHead(status, {
    'content-type': 'application/json',
    'x-amzn-requestid': randomUUID(),
    ...headers,
  });
  response.end(body === undefined ? undefined : JSON.stringify(body));
}
