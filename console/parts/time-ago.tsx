import { ago, localTime } from './format.ts';
import { useNow } from './use-now.ts';

/** How long ago something was, with the exact time behind it. @param at in unix seconds */
export function TimeAgo({ at }: { readonly at: number }) {
  const now = useNow(10_000);
  return (
    <time dateTime={new Date(at * 1000).toISOString()} title={localTime(at)}>
      {ago(at, now)}
    </time>
  );
}
