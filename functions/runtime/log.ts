import { Logger } from '@aws-lambda-powertools/logger';
import type { ProviderName } from '../domain/model/catalogue.ts';

const logger = new Logger({ serviceName: 'darkroom' });

/** The fields of a log line. There is none for a prompt, a URL, a key or a token, so no line can carry one. */
type Fields = {
  readonly taskId?: string | undefined;
  readonly requestId?: string | undefined;
  readonly route?: string | undefined;
  /** The name that the operator gave the API key of a request. */
  readonly keyName?: string | undefined;
  readonly status?: number | undefined;
  readonly code?: string | undefined;
  readonly count?: number | undefined;
  readonly credits?: number | undefined;
  readonly account?: string | undefined;
  readonly provider?: ProviderName | undefined;
  /** The provider's error as our adapter describes it: HTTP status, the provider's code and request id. */
  readonly providerError?: string | undefined;
  readonly cause?: unknown;
};

/**
 * Writes one log line. `event` is named `noun.happened`. A deployed stack writes no `debug` lines: they report every request
 * and attempt, for people who run the functions on one machine.
 */
export function log(
  level: 'debug' | 'info' | 'warn' | 'error',
  event: string,
  fields: Fields = {},
): void {
  const { cause, ...rest } = fields;
  logger[level](event, { ...rest, ...(cause !== undefined && { cause: describeCause(cause) }) });
}

/** How many errors of a chain of causes are logged. */
const maxCauses = 4;

/** How many lines of a stack are logged. */
const maxStackLines = 6;

// Without the messages, because the message of a library may quote its input.
function describeCause(cause: unknown) {
  if (!(cause instanceof Error)) return { name: typeof cause };
  return { ...describeChain(cause, maxCauses), place: placeOf(cause) };
}

/** The text before the message at the beginning of a stack: `Error: `, `TypeError [ERR_INVALID_URL]: `. */
const stackHead = /^[\w$.]+(?: \[\w+\])?(?:: )?$/;

/**
 * The first lines of the stack. They are searched for after the message, because a line of the message may look like one of
 * them. If the stack begins with a message that is not that of the error, its end is unknown: then no lines are returned.
 */
function placeOf({ stack = '', message }: Error): readonly string[] | undefined {
  const start = stack.indexOf(`${message}\n`);
  if (start < 0 || !stackHead.test(stack.slice(0, start))) return undefined;
  return stack
    .slice(start + message.length)
    .split('\n')
    .filter((line) => line.startsWith('    at '))
    .slice(0, maxStackLines);
}

type ErrorSummary = {
  readonly name: string;
  readonly code?: string | undefined;
  readonly status?: number | undefined;
  readonly reason?: string | undefined;
  readonly cause?: ErrorSummary | undefined;
};

function describeChain(error: Error, left: number): ErrorSummary {
  const { name, cause } = error;
  const { code, status, logReason, $metadata }: Record<string, unknown> = { ...error };
  return {
    name,
    code: isText(code) && /^[A-Z][A-Z0-9_]{0,63}$/.test(code) ? code : undefined, // of Node
    status: [status, Object($metadata).httpStatusCode].find(Number.isInteger),
    reason: isText(logReason) ? logReason : undefined, // our own text
    cause: cause instanceof Error && left > 1 ? describeChain(cause, left - 1) : undefined,
  };
}

const isText = (value: unknown): value is string => typeof value === 'string';
