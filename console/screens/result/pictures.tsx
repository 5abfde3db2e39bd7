import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useLocation } from 'wouter';
import { modelsQuery, type Task } from '../../api/queries.ts';
import { Copy } from '../../parts/copy.tsx';
import { localDay } from '../../parts/format.ts';
import { atOwnOrigin, fetchPicture } from '../../pictures/picture.ts';
import { inputFromTask } from '../create/draft.ts';
import { BeforeAfter } from './before-after.tsx';
import { saveAll, saveAs } from './save.ts';

type Completed = Extract<Task, { status: 'completed' }>;

/** The images of a task, beside the input that they were made of. */
export function Pictures({ task }: { readonly task: Completed }) {
  const [wanted, choose] = useState(0);
  const [error, setError] = useState<string | undefined>();
  const [, go] = useLocation();
  const { data: models } = useQuery(modelsQuery);
  const links = task.results.map(atOwnOrigin);
  const chosen = wanted < links.length ? wanted : 0;
  const image = links[chosen];
  const publicLink = task.results[chosen];
  const before = task.request.inputs.at(-1)?.link;
  const attempt = (work: Promise<void>) => {
    setError(undefined);
    work.catch((failure: unknown) =>
      setError(failure instanceof Error ? failure.message : String(failure)),
    );
  };
  if (image === undefined || publicLink === undefined) return null;
  const name = (index: number) => `${task.id}-${index + 1}`;
  const makeInput = () => {
    if (!models) return;
    void inputFromTask(models, task, { link: image, name: name(chosen) });
    go('/console');
    document.getElementById('content')?.focus();
  };
  return (
    <div className="pictures">
      <BeforeAfter
        before={before}
        after={image}
        alt={`Image ${chosen + 1} of ${task.results.length}`}
      />
      {task.results.length > 1 && (
        <ul className="variants" aria-label="Images of this task">
          {links.map((link, index) => (
            <li key={link}>
              <button
                type="button"
                aria-pressed={index === chosen}
                aria-label={`Show image ${index + 1}`}
                onClick={() => choose(index)}
              >
                <img src={link} alt="" loading="lazy" />
              </button>
            </li>
          ))}
        </ul>
      )}
      {task.result_errors && task.result_errors.length > 0 && (
        <p className="warning">
          {task.result_errors.length} of {task.request.n} images were not made, and not charged:{' '}
          {task.result_errors[0]?.message}
        </p>
      )}
      <p className="actions">
        <button
          type="button"
          className="primary-quiet"
          onClick={() => attempt(fetchPicture(image).then((blob) => saveAs(blob, name(chosen))))}
        >
          Download
        </button>
        {task.results.length > 1 && (
          <button type="button" onClick={() => attempt(saveAll(task.id, links))}>
            Download all
          </button>
        )}
        <button type="button" onClick={makeInput}>
          Use as input
        </button>
        <Copy text={publicLink} label="Copy link" />
      </p>
      <p className="caption">
        A copied link works for 24 hours, for anybody who has it.
        {task.expires_at !== null && ` The image is deleted on ${localDay(task.expires_at)}.`}
      </p>
      {error !== undefined && (
        <p className="warning" role="alert">
          {error}
        </p>
      )}
    </div>
  );
}
