import { createServer } from 'node:http';
import { listen } from '../listen.ts';
import { type Answer, type Call, json, type Protocol, type Studio } from './call.ts';
import { callbacks } from './callbacks.ts';
import { Refusal } from './codes.ts';
import { type Change, control } from './control.ts';
import { change, reset, sample, show } from './control-routes.ts';
import { dashscope } from './dashscope-routes.ts';
import { easel } from './easel.ts';
import { evolink } from './evolink-routes.ts';
import { fal } from './fal-routes.ts';
import { readCall, send } from './http.ts';
import { jobs, type Paint } from './jobs.ts';
import { links } from './links.ts';
import { result } from './results.ts';

export type PainterOptions = {
  /** How long a job takes. */
  readonly seconds?: number;
  /** Divides every duration. */
  readonly speed?: number;
  readonly port?: number;
  /** Milliseconds since 1970: jobs move on by this clock. */
  readonly now?: () => number;
  /** Paints instead of the easel, for whoever measures something else. */
  readonly paint?: Paint;
};

export type Painter = {
  readonly url: string;
  close(): Promise<void>;
  /** The same as `POST /control`. @throws {Refusal} when a value is not allowed */
  control(change: Change): void;
};

// What is not a provider's is refused in the words of the first.
const ours: Protocol = {
  routes: [
    ['GET', /^\/results\/([^/]+)\/(\d)\.png$/, result],
    ['GET', /^\/sample\.jpg$/, sample],
    ['GET', /^\/control$/, show],
    ['POST', /^\/control$/, change],
    ['DELETE', /^\/control$/, reset],
  ],
  refuse: dashscope.refuse,
};

/**
 * The laptop's provider: speaks the protocols of Model Studio, EvoLink and fal, takes as long as told,
 * fails when told (`/control`), and really edits the pictures it is sent.
 */
export async function startPainter(options: PainterOptions = {}): Promise<Painter> {
  const { seconds = 8, speed = 1, port = 0, now = Date.now, paint = easel() } = options;
  const studio: Studio = {
    jobs: jobs({ now, speed, paint }),
    control: control(seconds),
    links: links(now),
    callbacks: callbacks(speed),
    now,
    counts: { submits: 0, accepted: 0, polls: 0, cancels: 0 },
  };
  const protocols = [ours, dashscope, evolink(), fal(now)];
  const server = createServer((request, response) => {
    void readCall(request)
      .then((call) => answer(studio, protocols, call))
      .catch((thrown: unknown) => refuse(ours, thrown))
      .then((given) => send(response, given));
  });
  const { url, close } = await listen(server, port);
  return {
    url,
    control: studio.control.change,
    close() {
      studio.jobs.close();
      studio.callbacks.close();
      return close();
    },
  };
}

function answer(studio: Studio, protocols: readonly Protocol[], call: Call): Answer {
  for (const protocol of protocols) {
    for (const [method, path, route] of protocol.routes) {
      const match = method === call.method && path.exec(call.url.pathname);
      if (match)
        return answerBy(protocol, () => route(studio, call, match[1] ?? '', match[2] ?? ''));
    }
  }
  return json(404, {
    code: 'NotFound',
    message: `${call.method} ${call.url.pathname} does not exist.`,
  });
}

function answerBy(protocol: Protocol, route: () => Answer): Answer {
  try {
    return route();
  } catch (thrown) {
    return refuse(protocol, thrown);
  }
}

function refuse(protocol: Protocol, thrown: unknown): Answer {
  if (!(thrown instanceof Refusal)) console.error('painter crashed', thrown);
  return protocol.refuse(thrown instanceof Refusal ? thrown : new Refusal('InternalError'));
}
