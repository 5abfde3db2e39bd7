import { useEffect, useState } from 'react';
import { ApiError, isUnclear } from '../api/api-error.ts';
import { Copy } from './copy.tsx';

type Props = {
  /** What could not be done: `The tasks could not be loaded.` */
  readonly what: string;
  readonly error: unknown;
  /** The sentence for when the service may have done it: `It is not certain that this was booked.` */
  readonly whenUnclear?: string;
  readonly onRetry?: (() => void) | undefined;
};

/**
 * Shows what went wrong: the message of the API, and the id that a question about it has to name. The rest of the page
 * goes on.
 */
export function Failure({ what, whenUnclear = what, error, onRetry }: Props) {
  const problem = error instanceof ApiError ? error : undefined;
  const left = useCountdown(problem);
  return (
    <div className="failure" role="alert">
      <p>
        <strong>{isUnclear(error) ? whenUnclear : what}</strong>{' '}
        {error instanceof Error ? error.message : String(error)}
      </p>
      {problem?.requestId !== undefined && (
        <p className="caption">
          {problem.code} · request <code>{problem.requestId}</code>{' '}
          <Copy text={`${problem.code} ${problem.requestId}`} label="Copy" />
        </p>
      )}
      {onRetry && (
        <button type="button" onClick={onRetry}>
          {left > 0 ? `Try again (in ${left} s)` : 'Try again'}
        </button>
      )}
    </div>
  );
}

/** The seconds until the API accepts the request again, as `Retry-After` said. */
function useCountdown(error: ApiError | undefined): number {
  const [left, setLeft] = useState(error?.retryAfter ?? 0);
  useEffect(() => {
    setLeft(error?.retryAfter ?? 0);
    const timer = setInterval(() => setLeft((seconds) => Math.max(0, seconds - 1)), 1000);
    return () => clearInterval(timer);
  }, [error]);
  return left;
}
