import { randomUUID } from 'node:crypto';
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
} from 'node:http';
import { text } from 'node:stream/consumers';
import { crc32 } from 'node:zlib';
import { AwsError } from './aws-error.ts';
import { type Authorizer, accessKeyOf } from './iam/authorizer.ts';
import type { RequiredAction } from './iam/evaluate-policy.ts';
import { isJsonObject, type JsonObject } from './json-object.ts';

/** One operation of a service: gets the body of a request, returns that of the response. */
export type JsonOperation = (input: JsonObject) => object | Promise<object>;

/** Is called instead of an operation. If it returns nothing, the server closes the connection without a response. */
export type Intercept = (
  operation: string,
  input: JsonObject,
  run: () => Promise<object>,
) => Promise<object | undefined>;

/** A service that speaks AWS JSON: `x-amz-target` names the operation, the body is a JSON object. */
export type JsonService = {
  /** The service's name in error messages. */
  readonly name: string;
  /** What `x-amz-target` has before the operation. */
  readonly target: string;
  readonly version: '1.0' | '1.1';
  readonly operations: Readonly<Record<string, JsonOperation>>;
  readonly requiredActions: (operation: string, input: JsonObject) => readonly RequiredAction[];
  readonly authorize: Authorizer;
  /** The `__type` of a response with status 500. */
  readonly internalError: string;
  /** Whether a response has the checksum that the SDK compares with the body, if there is one. */
  readonly sendsCrc32?: boolean;
  readonly intercept?: Intercept | undefined;
};

/** Serves a service by AWS JSON over HTTP. Any error of an operation but an `AwsError` becomes a 500. */
export const createJsonServer = (service: JsonService): Server =>
  createServer(async (request, response) => {
    const { status, body } = await respond(service, request);
    if (!body) return response.destroy();
    const content = Buffer.from(JSON.stringify(body));
    response.writeHead(status, {
      'content-type': `application/x-amz-json-${service.version}`,
      'content-length': content.length,
      'x-amzn-requestid': randomUUID(),
      ...(service.sendsCrc32 && { 'x-amz-crc32': crc32(content) }),
    });
    return response.end(content);
  });

async function respond(service: JsonService, request: IncomingMessage) {
  try {
    const input = parse(await text(request));
    const { name, run } = operationOf(service, request.headers);
    authenticate(request.headers);
    const accessKeyId = accessKeyOf(request.headers.authorization);
    const denial = service.authorize(accessKeyId, service.requiredActions(name, input));
    if (denial) throw accessDenied(denial);
    const { intercept = runUnchanged } = service;
    return { status: 200, body: await intercept(name, input, () => runLogged(run, input)) };
  } catch (thrown) {
    if (thrown instanceof AwsError) return { status: 400, body: thrown.body };
    return { status: 500, body: { __type: service.internalError, message: String(thrown) } };
  }
}

/** Logs an unexpected error: the caller gets only its message. Unlike an injected failure, it is a mistake here. */
async function runLogged(run: JsonOperation, input: JsonObject): Promise<object> {
  try {
    return await run(input);
  } catch (thrown) {
    if (!(thrown instanceof AwsError)) console.error(thrown);
    throw thrown;
  }
}

const runUnchanged: Intercept = (_operation, _input, run) => run();

function parse(content: string): JsonObject {
  try {
    const input: unknown = JSON.parse(content);
    if (isJsonObject(input)) return input;
  } catch {
    // rejected below, like everything else that is no object
  }
  throw frontEndError('SerializationException', 'The body is not a JSON object');
}

function operationOf({ name, target, operations }: JsonService, headers: IncomingHttpHeaders) {
  const requested = String(headers['x-amz-target']);
  const operation = requested.startsWith(`${target}.`) ? requested.slice(target.length + 1) : '';
  const run = Object.hasOwn(operations, operation) ? operations[operation] : undefined;
  if (!run)
    throw frontEndError(
      'UnknownOperationException',
      `The local ${name} does not implement ${operation || requested}.`,
    );
  return { name: operation, run };
}

// Checks only the form of the header: every signature is accepted.
function authenticate({ authorization = '' }: IncomingHttpHeaders): void {
  if (!authorization.startsWith('AWS4-'))
    throw frontEndError(
      'MissingAuthenticationTokenException',
      'Request is missing Authentication Token',
    );
  const missing = ['Credential', 'Signature', 'SignedHeaders'].filter(
    (part) => !new RegExp(`[ ,]${part}=[^ ,]`).test(authorization),
  );
  if (missing.length > 0)
    throw frontEndError(
      'IncompleteSignatureException',
      missing.map((part) => `Authorization header requires '${part}' parameter.`).join(' '),
    );
}

// The front end that all AWS services share sends these errors.
const frontEndError = (code: string, message: string): AwsError =>
  new AwsError({ __type: `com.amazon.coral.service#${code}`, message });

/** Unlike the others, this error spells `Message` with a capital. */
const accessDenied = (reason: string): AwsError =>
  new AwsError({ __type: 'com.amazon.coral.service#AccessDeniedException', Message: reason });
