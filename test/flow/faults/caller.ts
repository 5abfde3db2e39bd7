import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';
import { Webhook } from 'standardwebhooks';
import { listen } from '../../../local/listen.ts';

/** One callback as its receiver sees it. */
export type Delivery = {
  readonly eventId: string;
  readonly body: string;
  /** What the official library has against it. */
  readonly complaint?: string | undefined;
};

/**
 * The server of somebody who asked to be told: keeps what it hears about each event, and checks it
 * at once, since a signature is good for some minutes only.
 */
export async function startCaller(answers: (path: string, attempt: number) => number = () => 200) {
  const heard = new Map<string, Delivery[]>();
  let secret = '';
  const server = createServer(async (request, response) => {
    const body = await text(request);
    const eventId = String(request.headers['webhook-id']);
    const before = heard.get(eventId) ?? [];
    const complaint = complaintAbout(secret, body, request.headers);
    heard.set(eventId, [...before, { eventId, body, complaint }]);
    response.writeHead(answers(request.url ?? '', before.length + 1)).end();
  });
  return {
    ...(await listen(server, 0)),
    /** The secret that deliveries are signed with. */
    knows(shared: string) {
      secret = shared;
    },
    about: (taskId: string): readonly Delivery[] =>
      [...heard.values()].flat().filter(({ body }) => body.includes(`"${taskId}"`)),
  };
}

export type Caller = Awaited<ReturnType<typeof startCaller>>;

function complaintAbout(secret: string, body: string, headers: object): string | undefined {
  try {
    const texts = Object.entries(headers).map(([name, value]) => [name, String(value)]);
    new Webhook(secret).verify(body, Object.fromEntries(texts));
    return undefined;
  } catch (error) {
    return String(error);
  }
}
