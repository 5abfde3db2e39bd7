import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage } from 'node:http';
import { json } from 'node:stream/consumers';
import { listen, type Running } from '../listen.ts';
import { signerOf } from '../rights/judge.ts';
import type { Operation } from './operations.ts';
import { Refusal } from './refusal.ts';

/** Comes between a request and what it does. Without an answer the connection breaks. */
export type Interfere = (
  operation: string,
  body: unknown,
  run: () => object,
) => object | undefined | Promise<object | undefined>;

type Options = {
  readonly port: number;
  /** Says why the one with this access key may not do that. */
  readonly objection: (accessKeyId: string, operation: string, body: unknown) => string | undefined;
  readonly interfere?: Interfere | undefined;
};

type Operations = Readonly<Record<string, Operation>>;

/** Speaks AWS JSON 1.0 for these operations; nothing but the laptop itself can reach it. */
export async function serve(operations: Operations, options: Options): Promise<Running> {
  const server = createServer(async (request, response) => {
    const { status, body } = await answer(operations, request, options);
    if (!body) return response.destroy();
    response.writeHead(status, {
      'content-type': 'application/x-amz-json-1.0',
      'x-amzn-requestid': randomUUID(),
    });
    return response.end(JSON.stringify(body));
  });
  return listen(server, options.port);
}

async function answer(
  operations: Operations,
  request: IncomingMessage,
  { objection, interfere = uninterfered }: Options,
) {
  try {
    const name = String(request.headers['x-amz-target']).replace('AWSStepFunctions.', '');
    const run = operationOf(operations, name);
    const given = await read(request);
    const forbidden = objection(signerOf(request.headers.authorization), name, given);
    if (forbidden) throw new Refusal('AccessDeniedException', forbidden);
    return { status: 200, body: await interfere(name, given, () => run(given)) };
  } catch (thrown) {
    if (thrown instanceof Refusal) return { status: 400, body: thrown };
    return { status: 500, body: { __type: 'InternalFailure', message: String(thrown) } };
  }
}

const uninterfered: Interfere = (_operation, _body, run) => run();

function operationOf(operations: Operations, name: string): Operation {
  const operation = operations[name];
  if (!operation) throw new Refusal('UnknownOperationException', `${name} does not work here`);
  return operation;
}

const read = (request: IncomingMessage): Promise<unknown> =>
  json(request).catch(() => {
    throw new Refusal('SerializationException', 'The body is not JSON');
  });
