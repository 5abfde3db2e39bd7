const marks = {
  pending: ['○', 'waiting'],
  processing: ['◐', 'working'],
  completed: ['●', 'completed'],
  failed: ['✕', 'failed'],
  cancelled: ['⊘', 'cancelled'],
} as const;

export type ShownStatus = keyof typeof marks;

/** The status of a task as the console shows it. In the API, a cancelled task is a failed one. */
export const shownStatus = (task: {
  readonly status: 'pending' | 'processing' | 'completed' | 'failed';
  readonly error?: { readonly code: string };
}): ShownStatus => (task.error?.code === 'request_cancelled' ? 'cancelled' : task.status);

export const statusText = (status: ShownStatus): string => marks[status].join(' ');

/** Always a mark and a word: nobody needs to see the colour. */
export function StatusMark({ status }: { readonly status: ShownStatus }) {
  const [mark, word] = marks[status];
  return (
    <span className={`status status-${status}`}>
      <span aria-hidden="true">{mark}</span> {word}
    </span>
  );
}
