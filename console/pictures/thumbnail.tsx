import { useQuery } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { isEnded, type TaskSummary } from '../api/queries.ts';
import { type Thumbnails, thumbnailsQuery } from '../api/thumbnails.ts';

/** The first input of a task and its first image. */
export function TaskThumbnails({ task }: { readonly task: TaskSummary }) {
  const { data, isStale, refetch } = useQuery(thumbnailsQuery(task));
  // When somebody scrolls down late, the links may have expired.
  const onBroken = () => isStale && void refetch();
  return (
    <span className="thumbnails">
      <Thumbnail link={firstOf(data?.inputs)} alt="Input" onBroken={onBroken} />
      <span className="thumbnail-arrow" aria-hidden="true">
        →
      </span>
      <Thumbnail
        link={firstOf(data?.results)}
        alt="Image"
        missing={missing(task)}
        onBroken={onBroken}
      />
    </span>
  );
}

const firstOf = (links: Thumbnails['inputs'] | undefined): string | undefined =>
  links?.find((link) => link !== null) ?? undefined;

type Missing = 'none' | 'unfinished' | 'failed';

const missing = (task: TaskSummary): Missing => {
  if (!isEnded(task)) return 'unfinished';
  return task.status === 'failed' ? 'failed' : 'none';
};

type Props = {
  readonly link: string | undefined;
  readonly alt: string;
  /** What is shown without a link. */
  readonly missing?: Missing;
  readonly onBroken: () => void;
};

/** A thumbnail in a box of a fixed size, so that nothing moves when the picture comes or goes. */
function Thumbnail({ link, alt, missing: why = 'none', onBroken }: Props) {
  // Every response has another link to the same picture. The first link is kept, so that the picture is loaded once.
  const [shown, show] = useState(link);
  useEffect(() => show((now) => now ?? link), [link]);
  // A newer link may have come after this one expired.
  const onError = () => {
    show(shown === link ? undefined : link);
    if (shown === link) onBroken();
  };
  return (
    <span className="thumbnail">
      {shown === undefined ? (
        <Placeholder why={why} alt={alt} />
      ) : (
        <img src={shown} alt={alt} loading="lazy" onError={onError} />
      )}
    </span>
  );
}

const paths: Readonly<Record<Missing, string>> = {
  none: 'M4 5h16v14H4zM4 16l5-5 4 4 3-3 4 4M15 9h.01',
  unfinished: 'M12 7v5l3 2M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18',
  failed: 'M7 7l10 10M17 7L7 17',
};

const words: Readonly<Record<Missing, string>> = {
  none: 'no thumbnail',
  unfinished: 'not made yet',
  failed: 'not made',
};

function Placeholder({ why, alt }: { readonly why: Missing; readonly alt: string }) {
  return (
    <svg viewBox="0 0 24 24" role="img" aria-label={`${alt}: ${words[why]}`}>
      <path d={paths[why]} />
    </svg>
  );
}
