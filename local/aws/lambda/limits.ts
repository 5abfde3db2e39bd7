import type { FunctionDefinition } from '../template/read-functions.ts';
import {
  invokeFailure,
  invokeRejection,
  type Rejected,
  type ThrottleReason,
} from './invoke-result.ts';

const maxRequestBytes = 6 * 1024 * 1024;
const maxEventBytes = 1024 * 1024;
/** Lambda allows a response to be a little longer than a request. */
const maxResponseBytes = maxRequestBytes + 100;

/** Why Lambda rejects this payload; undefined if it does not. */
export function payloadRejection(payload: string, isAsync: boolean): Rejected | undefined {
  const bytes = Buffer.byteLength(payload);
  if (bytes <= (isAsync ? maxEventBytes : maxRequestBytes)) return undefined;
  return invokeRejection(
    { status: 413 },
    'RequestEntityTooLargeException',
    isAsync
      ? `${bytes} byte payload is too large for the Event invocation type (limit ${maxEventBytes} bytes)`
      : `Request must be smaller than ${maxRequestBytes} bytes for the InvokeFunction operation`,
  );
}

/** The failure of a function whose response is too long; undefined for any other response. */
export const responseFailure = (payload: string) =>
  Buffer.byteLength(payload) > maxResponseBytes
    ? invokeFailure(
        'Function.ResponseSizeTooLarge',
        `Response payload size exceeded maximum allowed payload size (${maxResponseBytes} bytes).`,
      )
    : undefined;

type Places = { readonly limit: number; readonly reason: ThrottleReason };

/**
 * Counts the invocations in progress. A function with reserved concurrency has that many places to
 * itself; all others share what is left of the account's. `functions` returns those that are deployed now.
 */
export function concurrency(functions: () => readonly FunctionDefinition[], ofAccount: number) {
  const taken = new Map<string, number>();
  const placesOf = ({ arn, reservedConcurrency }: FunctionDefinition): Places & { key: string } =>
    reservedConcurrency === undefined
      ? {
          key: 'shared',
          limit: ofAccount - reservedBy(functions()),
          reason: 'ConcurrentInvocationLimitExceeded',
        }
      : {
          key: arn,
          limit: reservedConcurrency,
          reason: 'ReservedFunctionConcurrentInvocationLimitExceeded',
        };
  return {
    /** Runs the invocation, unless all places are taken: then it is throttled. */
    async run<T>(
      definition: FunctionDefinition,
      invocation: () => Promise<T>,
    ): Promise<T | Rejected> {
      const { key, limit, reason } = placesOf(definition);
      const before = taken.get(key) ?? 0;
      if (before >= limit) return throttled(reason);
      taken.set(key, before + 1);
      try {
        return await invocation();
      } finally {
        taken.set(key, (taken.get(key) ?? 1) - 1);
      }
    },
  };
}

const reservedBy = (functions: readonly FunctionDefinition[]): number =>
  functions.reduce((sum, one) => sum + (one.reservedConcurrency ?? 0), 0);

/** The rejection of an invocation for which there is no place. */
export const throttled = (reason: ThrottleReason): Rejected =>
  invokeRejection({ status: 429, reason }, 'TooManyRequestsException', 'Rate Exceeded.');
