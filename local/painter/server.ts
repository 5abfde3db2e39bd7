import { createServer } from 'node:http';
import { listen } from '../listen.ts';
import { type Answer, type Call, json, type Route, type Studio, vendorAnswer } from './call.ts';
import { Refusal } from './codes.ts';
import { type Change, control } from './control.ts';
import { change, reset, sample, show } from './control-routes.ts';
import { easel } from './easel.ts';
import { readCall, send } from './http.ts';
import { jobs } from './jobs.ts';
import { links } from './links.ts';
import { cancel, poll, result, submit } from './vendor-routes.ts';

export type PainterOptions = {
  /** How long a job takes. */
  readonly seconds?: number;
  /** Divides every duration. */
  readonly speed?: number;
  readonly port?: number;
  /** Milliseconds since 1970: jobs move on by this clock. */
  readonly now?: () => number;
};

export type Painter = {
  readonly url: string;
  close(): Promise<void>;
  /** The same as `POST /control`. @throws {Refusal} when a value is not allowed */
  control(change: Change): void;
};

const table: readonly (readonly [method: string, path: RegExp, route: Route])[] = [
  ['POST', /^\/api\/v1\/services\/aigc\/image2image\/image-synthesis$/, submit],
  ['GET', /^\/api\/v1\/tasks\/([^/]+)$/, poll],
  ['POST', /^\/api\/v1\/tasks\/([^/]+)\/cancel$/, cancel],
  ['GET', /^\/results\/([^/]+)\/(\d)\.png$/, result],
  ['GET', /^\/sample\.jpg$/, sample],
  ['GET', /^\/control$/, show],
  ['POST', /^\/control$/, change],
  ['DELETE', /^\/control$/, reset],
];

/**
 * The laptop's provider: speaks Model Studio's asynchronous image-edit protocol, takes as long as
 * told, fails when told (`/control`), and really edits the pictures it is sent.
 */
export async function startPainter(options: PainterOptions = {}): Promise<Painter> {
  const { seconds = 8, speed = 1, port = 0, now = Date.now } = options;
  const studio: Studio = {
    jobs: jobs({ now, speed, paint: easel() }),
    control: control(seconds),
    links: links(now),
    now,
    counts: { submits: 0, accepted: 0, polls: 0, cancels: 0 },
  };
  const server = createServer((request, response) => {
    void readCall(request)
      .then((call) => answer(studio, call))
      .catch(refuse)
      .then((given) => send(response, given));
  });
  const { url, close } = await listen(server, port);
  return {
    url,
    control: studio.control.change,
    close() {
      studio.jobs.close();
      return close();
    },
  };
}

function answer(studio: Studio, call: Call): Answer {
  for (const [method, path, route] of table) {
    const match = method === call.method && path.exec(call.url.pathname);
    if (match) return route(studio, call, match[1] ?? '', match[2] ?? '');
  }
  return json(404, {
    code: 'NotFound',
    message: `${call.method} ${call.url.pathname} does not exist.`,
  });
}

function refuse(thrown: unknown): Answer {
  if (!(thrown instanceof Refusal)) console.error('painter crashed', thrown);
  const refusal = thrown instanceof Refusal ? thrown : new Refusal('InternalError');
  return vendorAnswer(refusal.status, { code: refusal.code, message: refusal.message });
}
