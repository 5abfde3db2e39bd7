import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { Webhook } from 'standardwebhooks';
import { CliError, usageError } from '../program/cli-error.ts';

/** A request that came in at the receiver. */
export type ReceivedCallback = {
  readonly id: string;
  /** Why it was refused; undefined when its signature is right. */
  readonly problem: string | undefined;
  readonly body: Buffer;
  /** The response of the address that it was forwarded to: a status, or why there was none. */
  readonly forwarded?: number | string | undefined;
};

type Options = {
  readonly port: number;
  readonly secret: string;
  /** Where verified callbacks are sent on to. */
  readonly forward?: string | undefined;
  readonly onCallback: (received: ReceivedCallback) => void;
};

const maxBodyBytes = 1024 * 1024;
const forwardMs = 9000; // an attempt has ten seconds

/**
 * Receives callbacks at 127.0.0.1 and verifies them. It responds with 204, or with the status of the address that it
 * forwards them to.
 * @throws {CliError} when the port is taken
 */
export async function receiveCallbacks({ port, secret, forward, onCallback }: Options) {
  const webhook = webhookOf(secret);
  const handle = async (request: IncomingMessage, response: ServerResponse) => {
    if (request.method !== 'POST') {
      response.writeHead(405, { allow: 'POST' }).end('darkroom listens here for callbacks\n');
      return;
    }
    const body = await readBody(request);
    if (!body) {
      response.writeHead(413, { connection: 'close' }).end();
      return;
    }
    const id = headerOf(request, 'webhook-id');
    const problem = problemOf(webhook, request, body);
    const isForwarded = problem === undefined && forward !== undefined;
    const forwarded = isForwarded ? await sendOn(forward, request, body) : undefined;
    response.writeHead(statusFor(problem, forwarded)).end();
    onCallback({ id, problem, body, forwarded });
  };
  const server = createServer((request, response) => {
    handle(request, response).catch(() => response.destroy());
  });
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once('error', reject).listen(port, '127.0.0.1', resolve);
  await promise.catch((thrown: unknown) => {
    const isTaken = thrown instanceof Error && 'code' in thrown && thrown.code === 'EADDRINUSE';
    const reason = isTaken ? 'it is taken; `darkroom listen 0` takes a free one' : String(thrown);
    throw new CliError(`Cannot listen at port ${port}: ${reason}`, { cause: thrown });
  });
  const address = server.address();
  return {
    url: `http://127.0.0.1:${typeof address === 'object' ? address?.port : port}`,
    close: async () => {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  };
}

function webhookOf(secret: string): Webhook {
  // The library would accept any Base64.
  if (!secret.startsWith('whsec_')) throw usageError('The webhook secret is not like whsec_…');
  try {
    return new Webhook(secret);
  } catch (thrown) {
    throw new CliError('The webhook secret is not like whsec_…', { cause: thrown });
  }
}

async function readBody(request: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    size += chunk.length;
    if (size > maxBodyBytes) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

const signed = ['webhook-id', 'webhook-timestamp', 'webhook-signature'] as const;

const headerOf = ({ headers }: IncomingMessage, name: string): string =>
  String(headers[name] ?? '');

function problemOf(webhook: Webhook, request: IncomingMessage, body: Buffer): string | undefined {
  const missing = signed.filter((name) => headerOf(request, name) === '');
  if (missing.length > 0) return `it has no ${missing.join(', ')}`;
  try {
    const headers = Object.fromEntries(signed.map((name) => [name, headerOf(request, name)]));
    webhook.verify(body, headers, { jsonParse: false });
    return undefined;
  } catch (thrown) {
    const reason = thrown instanceof Error ? thrown.message : String(thrown);
    return /timestamp/i.test(reason)
      ? `its time is wrong (${reason}): is the clock of this machine right?`
      : 'its signature is not made with this secret: is it that of another account?';
  }
}

/** Sends the same bytes and headers on, so that the receiver can verify them, too. */
async function sendOn(
  url: string,
  request: IncomingMessage,
  body: Buffer,
): Promise<number | string> {
  const names = ['content-type', ...signed];
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: Object.fromEntries(names.map((name) => [name, headerOf(request, name)])),
      body: new Uint8Array(body),
      redirect: 'manual',
      signal: AbortSignal.timeout(forwardMs),
    });
    await response.body?.cancel();
    return response.status;
  } catch (thrown) {
    const cause = thrown instanceof Error ? (thrown.cause ?? thrown) : thrown;
    return cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause);
  }
}

function statusFor(problem: string | undefined, forwarded: number | string | undefined): number {
  if (problem !== undefined) return 401;
  if (forwarded === undefined) return 204;
  return typeof forwarded === 'number' ? forwarded : 502;
}
