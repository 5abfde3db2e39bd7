import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage } from 'node:http';
import { json } from 'node:stream/consumers';
import { listen, type Running } from '../listen.ts';
import type { Operation } from './operations.ts';
import { Refusal } from './refusal.ts';

/** Speaks AWS JSON 1.0 for these operations; nothing but the laptop itself can reach it. */
export async function serve(
  operations: Readonly<Record<string, Operation>>,
  port: number,
): Promise<Running> {
  const server = createServer(async (request, response) => {
    const { status, body } = await answer(operations, request);
    response.writeHead(status, {
      'content-type': 'application/x-amz-json-1.0',
      'x-amzn-requestid': randomUUID(),
    });
    response.end(JSON.stringify(body));
  });
  return listen(server, port);
}

async function answer(operations: Readonly<Record<string, Operation>>, request: IncomingMessage) {
  try {
    return { status: 200, body: operationFor(operations, request)(await read(request)) };
  } catch (thrown) {
    if (thrown instanceof Refusal) return { status: 400, body: thrown };
    return { status: 500, body: { __type: 'InternalFailure', message: String(thrown) } };
  }
}

function operationFor(
  operations: Readonly<Record<string, Operation>>,
  { headers }: IncomingMessage,
): Operation {
  const name = String(headers['x-amz-target']).replace('AWSStepFunctions.', '');
  const operation = operations[name];
  if (!operation) throw new Refusal('UnknownOperationException', `${name} does not work here`);
  return operation;
}

const read = (request: IncomingMessage): Promise<unknown> =>
  json(request).catch(() => {
    throw new Refusal('SerializationException', 'The body is not JSON');
  });
