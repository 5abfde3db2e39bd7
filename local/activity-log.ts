import * as z from 'zod';
import type { HandledRequest } from './aws/http-api/http-api.ts';

/** The fields of a function's log line that a person gets to see. None of them can hold a prompt, a link or a key. */
const LogLine = z.object({
  message: z.string(),
  requestId: z.string().optional(),
  taskId: z.string().optional(),
  code: z.string().optional(),
  status: z.number().optional(),
  keyName: z.string().optional(),
  provider: z.string().optional(),
  count: z.number().optional(),
  credits: z.number().optional(),
  cause: z
    .object({
      name: z.string(),
      cause: z.object({ reason: z.string().optional() }).optional(),
    })
    .optional(),
  errorType: z.string().optional(),
});
type LogLine = z.infer<typeof LogLine>;

export type ActivityLog = {
  onRequest(request: HandledRequest): void;
  /** A line that a function has logged. */
  onLog(source: string, line: string): void;
};

type Options = {
  readonly print: (line: string) => void;
  readonly now?: () => number;
};

const maxServedLines = 1000;

/** Tells a person what the local stack does: one line for each request, and one for each event of a task. */
export function activityLog({ print, now = Date.now }: Options): ActivityLog {
  // What a function has logged about a request comes before its response, and so before the request is reported.
  const served = new Map<string, LogLine>();
  let lastSentence: string | undefined;
  const say = (text: string) => print(`${clockTime(now())} ${printable(text)}`);

  const noteServed = (requestId: string, line: LogLine) => {
    served.set(requestId, line);
    const [oldest] = served.keys();
    if (served.size > maxServedLines && oldest !== undefined) served.delete(oldest);
  };

  return {
    onRequest(request) {
      const details = served.get(request.requestId);
      served.delete(request.requestId);
      say(requestLine(request, details));
    },
    onLog(source, text) {
      const line = parseLine(text);
      if (!line) return;
      if (line.requestId && servedEvents.has(line.message)) noteServed(line.requestId, line);
      const sentence = eventLine(source, line);
      // On a busy machine several attempts of one step may report the same.
      if (sentence && sentence !== lastSentence) say(sentence);
      lastSentence = sentence ?? lastSentence;
    },
  };
}

/** The log line that a function writes for every request. */
const servedEvents: ReadonlySet<string> = new Set(['request.handled', 'request.failed']);

function requestLine(request: HandledRequest, { keyName, code }: Partial<LogLine> = {}): string {
  const { method, status, milliseconds } = request;
  const line = `${method} ${shownPath(request)} ${status} ${Math.round(milliseconds)} ms`;
  return [line, keyName, code].filter(Boolean).join(' ');
}

/** The path with its secrets replaced by `…`. */
function shownPath({ path, routeKey = '', pathParameters = {} }: HandledRequest): string {
  const [, pattern] = routeKey.split(' ');
  if (pattern === undefined || !('secret' in pathParameters)) {
    return path.replace(/(sk-dr-|whsec_)[^/]+/g, '$1…');
  }
  return pattern.replaceAll(/\{(\w+)\}/g, (_, name: string) =>
    name === 'secret' ? '…' : encodeURIComponent(pathParameters[name] ?? ''),
  );
}

function parseLine(text: string): LogLine | undefined {
  try {
    return LogLine.parse(JSON.parse(text));
  } catch {
    return undefined; // not everything that a function prints is a line of ours
  }
}

function eventLine(source: string, line: LogLine): string | undefined {
  const { taskId, message, errorType = '' } = line;
  if (taskId) {
    const sentence = taskEvents[message]?.(line);
    return sentence && `${taskId} ${sentence}`;
  }
  if (message === 'Invoke Error' && /^(Runtime|Sandbox)\./.test(errorType))
    return `${source} broke down (${errorType}); its log says more`;
  if (message === 'Access denied') return `${source} lacks a permission; its log says which`;
  return undefined;
}

const taskEvents: Readonly<Record<string, (line: LogLine) => string | undefined>> = {
  'start.failed': () => 'not started yet: its workflow could not be started',
  'task.checked': () => 'checked',
  'task.submitted': ({ provider }) => `submitted to ${provider}`,
  'provider.fallback': ({ provider }) => `not accepted by ${provider}, the next provider is tried`,
  'provider.account_rejected': ({ code }) =>
    `not accepted: a provider rejects the operator (${code})`,
  'submit.unknown': () => 'submitted without a response: the provider may have accepted it',
  'provider.busy': () => 'polled, but the provider is busy',
  'task.generated': ({ code }) => (code ? `not generated (${code})` : 'generated'),
  'task.settled': ({ code, count = 0, credits }) =>
    code
      ? `settled: failed (${code}), nothing charged`
      : `settled: ${count} ${count === 1 ? 'image' : 'images'}, ${credits} credits charged`,
  'state.failed': ({ code, cause }) =>
    // An attempt of a callback has a line of its own.
    cause?.name === 'CallbackFailed'
      ? undefined
      : `stopped at a step (${code ?? cause?.name ?? 'unknown'})`,
  'callback.attempted': callbackSentence,
  'task.recovered': ({ code }) => `taken up again (${code})`,
  'execution.ended': ({ code }) => `lost its workflow (${code})`,
  'task.exhausted': () => 'given up: its workflow ended too often',
};

function callbackSentence({ code, status, count, cause }: LogLine): string {
  const { reason } = cause?.cause ?? {};
  const noResponse = reason === undefined ? 'no response' : `callback_url ${reason}`;
  const got = status === undefined ? noResponse : `status ${status}`;
  if (code === 'delivered') return `delivered (${got})`;
  if (code === 'undelivered') return `not delivered: given up after attempt ${count} (${got})`;
  return `not delivered yet: attempt ${count} (${got})`;
}

const clockTime = (atMs: number): string => new Date(atMs).toTimeString().slice(0, 8);

// A name or a path must not move the cursor of the terminal.
const printable = (text: string): string => text.replaceAll(/\p{C}/gu, '?');
