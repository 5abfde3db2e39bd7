import { Logger } from '@aws-lambda-powertools/logger';
import type { ProviderName } from '../task/provider.ts';

const logger = new Logger({ serviceName: 'darkroom' });

/** What a log line may say. No prompt, no address, no key, no token: there is no field for them. */
type Fields = {
  readonly taskId?: string | undefined;
  readonly requestId?: string | undefined;
  readonly route?: string | undefined;
  readonly status?: number | undefined;
  readonly code?: string | undefined;
  readonly count?: number | undefined;
  readonly provider?: ProviderName | undefined;
  /** What the provider answered, in the words of our adapter: status, its code, its request id. */
  readonly said?: string | undefined;
  readonly cause?: unknown;
};

/** One line: what happened, as `noun.happened`, and to what. */
export function log(level: 'info' | 'warn' | 'error', event: string, fields: Fields = {}): void {
  const { cause, ...rest } = fields;
  logger[level](event, { ...rest, ...(cause !== undefined && { cause: causeOf(cause) }) });
}

// Name and place of an error, without its message: that of a library may quote what it was given.
function causeOf(cause: unknown) {
  if (!(cause instanceof Error)) return { name: typeof cause };
  const place = cause.stack
    ?.split('\n')
    .filter((line) => line.startsWith('    at '))
    .slice(0, 6);
  return { name: cause.name, place };
}
