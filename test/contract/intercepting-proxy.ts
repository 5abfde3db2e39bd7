import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  request,
  type ServerResponse,
} from 'node:http';
import { buffer } from 'node:stream/consumers';
import { onTestFinished } from 'vitest';
import { listen } from '../../local/aws/listen.ts';

type ProxiedRequest = {
  /** `TransactWriteItems` and the like; empty for a request that is not AWS JSON. */
  readonly operation: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
};

/** What happens to a request on its way; with none of this it is forwarded unchanged. */
type Interception = {
  /** The response of the proxy itself; the service never receives the request. */
  readonly response?: { readonly status: number; readonly body: object };
  /** The bytes that the service gets instead of the body. */
  readonly body?: Buffer;
  /** The service handles the request, but the connection breaks before the response has arrived. */
  readonly responseLost?: boolean;
};

/** A proxy in front of a service of the local stack; `intercept` decides about each request by its number. */
export async function interceptingProxy(
  target: string,
  intercept: (nth: number) => Interception | Promise<Interception> = () => ({}),
) {
  const requests: ProxiedRequest[] = [];
  const server = createServer((incoming, outgoing) => {
    handle(incoming, outgoing).catch(() => outgoing.destroy());
  });

  const handle = async (incoming: IncomingMessage, outgoing: ServerResponse) => {
    const received = await readRequest(incoming);
    const {
      response,
      body = received.body,
      responseLost,
    } = await intercept(requests.push(received));
    if (response) {
      outgoing.writeHead(response.status, { 'content-type': 'application/x-amz-json-1.0' });
      outgoing.end(JSON.stringify(response.body));
      return;
    }
    const forwarded = await forward(target, incoming, body);
    if (responseLost) throw new Error('the connection broke');
    outgoing.writeHead(forwarded.statusCode ?? 502, forwarded.headers);
    forwarded.pipe(outgoing);
  };

  const { url, close } = await listen(server, 0);
  onTestFinished(close);
  return { url, requests };
}

async function readRequest(incoming: IncomingMessage): Promise<ProxiedRequest> {
  const { headers } = incoming;
  const [, operation = ''] = String(headers['x-amz-target'] ?? '').split('.');
  return { operation, headers, body: await buffer(incoming) };
}

// The headers stay as they are, the host too: it is part of the signature.
const forward = (target: string, { method, url, headers }: IncomingMessage, body: Buffer) =>
  new Promise<IncomingMessage>((resolve, reject) => {
    request(new URL(url ?? '/', target), { method, headers, agent: false })
      .on('response', resolve)
      .on('error', reject)
      .end(body);
  });
