import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  request,
  type ServerResponse,
} from 'node:http';
import { buffer } from 'node:stream/consumers';
import { onTestFinished } from 'vitest';
import { listen } from '../../local/listen.ts';

type Seen = {
  /** `TransactWriteItems` and the like; empty for what is not AWS JSON. */
  readonly operation: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
};

/** What happens to a request on its way; with nothing of this it passes as it is. */
type Fate = {
  /** The answer it gets; the service never hears of it. */
  readonly answer?: { readonly status: number; readonly body: object };
  /** The bytes that the service gets instead. */
  readonly body?: Buffer;
  /** The service does it, and the connection breaks before its answer is through. */
  readonly answerLost?: boolean;
};

/** Stands in front of one of the laptop's services and decides the fate of each request, by its number. */
export async function front(target: string, fate: (nth: number) => Fate = () => ({})) {
  const seen: Seen[] = [];
  const server = createServer((incoming, outgoing) => {
    handle(incoming, outgoing).catch(() => outgoing.destroy());
  });

  const handle = async (incoming: IncomingMessage, outgoing: ServerResponse) => {
    const arrived = await seenIn(incoming);
    const { answer, body = arrived.body, answerLost } = fate(seen.push(arrived));
    if (answer) {
      outgoing.writeHead(answer.status, { 'content-type': 'application/x-amz-json-1.0' });
      outgoing.end(JSON.stringify(answer.body));
      return;
    }
    const passed = await passOn(target, incoming, body);
    if (answerLost) throw new Error('the connection broke');
    outgoing.writeHead(passed.statusCode ?? 502, passed.headers);
    passed.pipe(outgoing);
  };

  const { url, close } = await listen(server, 0);
  onTestFinished(close);
  return { url, seen };
}

async function seenIn(incoming: IncomingMessage): Promise<Seen> {
  const { headers } = incoming;
  const [, operation = ''] = String(headers['x-amz-target'] ?? '').split('.');
  return { operation, headers, body: await buffer(incoming) };
}

// With the headers as they came, the host too: it is signed.
const passOn = (target: string, { method, url, headers }: IncomingMessage, body: Buffer) =>
  new Promise<IncomingMessage>((resolve, reject) => {
    request(new URL(url ?? '/', target), { method, headers, agent: false })
      .on('response', resolve)
      .on('error', reject)
      .end(body);
  });
