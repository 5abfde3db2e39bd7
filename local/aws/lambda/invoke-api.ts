import { randomUUID } from 'node:crypto';
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http';
import { type Authorizer, accessKeyOf, allowAll } from '../iam/authorizer.ts';
import { listen, type RunningServer } from '../listen.ts';
import { readBody } from '../read-body.ts';
import { type InvokeResult, isRejected, type Rejected } from './invoke-result.ts';
import type { LambdaRunner } from './lambda.ts';
import { payloadRejection } from './limits.ts';

type Options = {
  readonly lambda: Pick<LambdaRunner, 'find' | 'invoke'>;
  readonly port?: number;
  /** Checks permissions; without it every caller may do everything. */
  readonly authorize?: Authorizer;
};

type InvokeResponse = {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
};

/** The part of Lambda's HTTP API that invokes functions. */
export async function startInvokeApi({
  lambda,
  port = 0,
  authorize = allowAll,
}: Options): Promise<RunningServer> {
  const server = createServer((request, response) => {
    handle(request, lambda, authorize)
      .catch((thrown: unknown) => errorResponse(500, 'ServiceException', String(thrown)))
      .then((invokeResponse) => send(invokeResponse, response))
      .catch(() => response.destroy());
  });
  return listen(server, port);
}

async function handle(
  request: IncomingMessage,
  lambda: Options['lambda'],
  authorize: Authorizer,
): Promise<InvokeResponse> {
  const body = String(await readBody(request));
  const name = functionNameIn(request.url ?? '');
  if (name === undefined || request.method !== 'POST') {
    return errorResponse(
      404,
      'UnknownOperationException',
      'The local Lambda API only invokes functions',
    );
  }
  const definition = lambda.find(name);
  if (!definition) {
    return errorResponse(404, 'ResourceNotFoundException', `Function not found: ${name}`);
  }
  const required = { action: 'lambda:InvokeFunction', resource: definition.arn };
  const denial = authorize(accessKeyOf(request.headers.authorization), [required]);
  if (denial) return errorResponse(403, 'AccessDeniedException', denial);
  const unknown = unknownOptionOf(request.headers);
  if (unknown) return errorResponse(400, 'InvalidParameterValueException', unknown);
  const type = request.headers['x-amz-invocation-type'];
  const rejection = payloadRejection(body, type === 'Event');
  if (rejection) return rejectionResponse(rejection);
  const payload = parse(body);
  if (!payload)
    return errorResponse(400, 'InvalidRequestContentException', 'The payload is not JSON');
  return invoke(definition.arn, payload.value, type, lambda);
}

/** The function that is invoked, by name or ARN, with its qualifier. */
function functionNameIn(target: string): string | undefined {
  const { pathname, searchParams } = new URL(target, 'http://local');
  const [, encoded] = /^\/2015-03-31\/functions\/([^/]+)\/invocations$/.exec(pathname) ?? [];
  if (encoded === undefined) return undefined;
  const name = decodeURIComponent(encoded);
  const qualifier = searchParams.get('Qualifier');
  return qualifier === null || name.endsWith(`:${qualifier}`) ? name : `${name}:${qualifier}`;
}

/** Says which option of a request has an effect on AWS, but not here. */
function unknownOptionOf(headers: IncomingHttpHeaders): string | undefined {
  const [name, value] =
    Object.entries(headers).find(
      ([header, given]) => optionValues.get(header)?.includes(String(given)) === false,
    ) ?? [];
  return name && `The local Lambda API does not know ${name}: ${value}`;
}

/** The headers of an invocation, and the values that are known here. */
const optionValues: ReadonlyMap<string, readonly string[]> = new Map([
  ['x-amz-invocation-type', ['RequestResponse', 'Event', 'DryRun']],
  ['x-amz-log-type', ['None']],
  ['x-amz-client-context', []],
  ['x-amz-durable-execution-name', []],
  ['x-amz-tenant-id', []],
]);

async function invoke(
  arn: string,
  payload: unknown,
  type: string | string[] | undefined,
  lambda: Options['lambda'],
): Promise<InvokeResponse> {
  if (type === 'DryRun') return { status: 204 };
  if (type !== 'Event') return resultResponse(await lambda.invoke(arn, payload));
  // The response says only that the event was accepted. A failure is in the function's log.
  void lambda.invoke(arn, payload, { async: true });
  return { status: 202 };
}

function resultResponse(result: InvokeResult): InvokeResponse {
  const headers = { 'x-amz-executed-version': '$LATEST' };
  if (result.ok) return { status: 200, headers, body: result.payload };
  if (isRejected(result)) return rejectionResponse(result);
  const { errorType, errorMessage, trace } = result;
  return {
    status: 200,
    headers: { ...headers, 'x-amz-function-error': 'Unhandled' },
    body: { errorType, errorMessage, trace },
  };
}

const rejectionResponse = ({ errorType, errorMessage, rejection }: Rejected): InvokeResponse => ({
  status: rejection.status,
  headers: { 'x-amzn-errortype': errorType },
  body: { Type: 'User', message: errorMessage, Reason: rejection.reason },
});

function parse(body: string): { readonly value: unknown } | undefined {
  try {
    return { value: body === '' ? {} : JSON.parse(body) };
  } catch {
    return undefined;
  }
}

const errorResponse = (status: number, type: string, message: string): InvokeResponse => ({
  status,
  headers: { 'x-amzn-errortype': type },
  body: { Type: 'User', Message: message },
});

function send({ status, headers, body }: InvokeResponse, response: ServerResponse): void {
  response.writeHead(status, {
    'content-type': 'application/json',
    'x-amzn-requestid': randomUUID(),
    ...headers,
  });
  response.end(body === undefined ? undefined : JSON.stringify(body));
}
