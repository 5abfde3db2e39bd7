import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';
import { Webhook } from 'standardwebhooks';
import { listen } from '../../local/aws/listen.ts';

/** One callback as its receiver sees it. */
export type Delivery = {
  readonly eventId: string;
  readonly body: string;
  /** Why the official library rejects its signature. */
  readonly problem?: string | undefined;
};

/** The error message of the official library for a timestamp that is out of its tolerance. */
const tooOld = 'timestamp too old';

/**
 * A webhook receiver: keeps every delivery by event, and verifies it at once, because a signature is
 * valid for some minutes only. When the clock was advanced between signature and arrival, a delivery is too
 * old. The receiver refuses it and does not count it: it must be signed and sent again.
 * `statusFor` decides the response to all others by the path and the attempt.
 */
export async function startWebhookReceiver(
  statusFor: (path: string, attempt: number) => number = () => 200,
) {
  const deliveries = new Map<string, Delivery[]>();
  let secret = '';
  const server = createServer(async (request, response) => {
    const body = await text(request);
    const eventId = String(request.headers['webhook-id']);
    const earlier = deliveries.get(eventId) ?? [];
    const problem = verify(secret, body, request.headers);
    if (problem?.includes(tooOld)) {
      response.writeHead(400).end();
      return;
    }
    deliveries.set(eventId, [...earlier, { eventId, body, problem }]);
    response.writeHead(statusFor(request.url ?? '', earlier.length + 1)).end();
  });
  return {
    ...(await listen(server, 0)),
    /** Sets the secret that deliveries are signed with. */
    setSecret(shared: string) {
      secret = shared;
    },
    deliveriesOf: (taskId: string): readonly Delivery[] =>
      [...deliveries.values()].flat().filter(({ body }) => body.includes(`"${taskId}"`)),
  };
}

export type WebhookReceiver = Awaited<ReturnType<typeof startWebhookReceiver>>;

function verify(secret: string, body: string, headers: object): string | undefined {
  try {
    const texts = Object.entries(headers).map(([name, value]) => [name, String(value)]);
    new Webhook(secret).verify(body, Object.fromEntries(texts));
    return undefined;
  } catch (error) {
    return String(error);
  }
}
