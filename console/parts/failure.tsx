import { useEffect, useState } from 'react';
import { ApiError, isUnclear } from '../api/api-error.ts';
import { Copy } from './copy.tsx';

type Props = {
  /** What could not be done: `The tasks could not be loaded.` */
  readonly what: string;
  readonly error: unknown;
  /** The same when the service may have done it: `It is not certain that this was booked.` */
  readonly whenUnclear?: string;
  readonly onRetry?: (() => void) | undefined;
};

/** What went wrong, in the API's own words, with what a question about it needs. The rest of the page goes on. */
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

/** The seconds until the API takes the request again, as it said. */
function useCountdown(error: ApiError | undefined): number {
  const [left, setLeft] = useState(error?.retryAfter ?? 0);
  useEffect(() => {
    setLeft(error?.retryAfter ?? 0);
    const timer = setInterval(() => setLeft((seconds) => Math.max(0, seconds - 1)), 1000);
    return () => clearInterval(timer);
  }, [error]);
  return left;
}
