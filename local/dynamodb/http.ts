import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { text } from 'node:stream/consumers';
import { crc32 } from 'node:zlib';
import { type Judge, signerOf } from '../rights/judge.ts';
import type { Answer } from './answer.ts';
import { isJson, type Json } from './json.ts';
import { needsOf } from './needs.ts';
import { forbidden, Refusal, refuse } from './refusal.ts';

/** AWS JSON 1.0 over HTTP. */
export const jsonServer = (answer: Answer, judge: Judge): Server =>
  createServer(async (request, response) => {
    const { status, body } = await reply(answer, judge, request);
    const content = Buffer.from(JSON.stringify(body));
    response.writeHead(status, {
      'content-type': 'application/x-amz-json-1.0',
      'content-length': content.length,
      'x-amzn-requestid': randomUUID(),
      'x-amz-crc32': crc32(content),
    });
    response.end(content);
  });

async function reply(answer: Answer, judge: Judge, request: IncomingMessage) {
  try {
    const input = parse(await text(request));
    const operation = operationOf(request);
    authenticate(request);
    const objection = judge(signerOf(request.headers.authorization), needsOf(operation, input));
    if (objection) throw forbidden(objection);
    return { status: 200, body: await answer(operation, input) };
  } catch (thrown) {
    if (thrown instanceof Refusal) return { status: 400, body: thrown.body };
    console.error(thrown);
    const __type = 'com.amazonaws.dynamodb.v20120810#InternalServerError';
    return { status: 500, body: { __type, message: 'The local DynamoDB has failed.' } };
  }
}

function parse(content: string): Json {
  try {
    const input: unknown = JSON.parse(content);
    if (isJson(input)) return input;
  } catch {
    // refused below, like everything else that is no object
  }
  throw refuse('SerializationException');
}

function operationOf({ headers }: IncomingMessage): string {
  const [, operation] = /^DynamoDB_20120810\.(\w+)$/.exec(String(headers['x-amz-target'])) ?? [];
  if (operation === undefined) throw refuse('UnknownOperationException');
  return operation;
}

// Only the header's form: on the laptop every signature is good.
function authenticate({ headers: { authorization = '' } }: IncomingMessage): void {
  if (!authorization.startsWith('AWS4-'))
    throw refuse('MissingAuthenticationTokenException', 'Request is missing Authentication Token');
  const missing = ['Credential', 'Signature', 'SignedHeaders'].filter(
    (part) => !new RegExp(`[ ,]${part}=[^ ,]`).test(authorization),
  );
  if (missing.length > 0)
    throw refuse(
      'IncompleteSignatureException',
      missing.map((part) => `Authorization header requires '${part}' parameter.`).join(' '),
    );
}
