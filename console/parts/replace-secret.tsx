import type { ReactNode } from 'react';
import { Dialog } from './dialog.tsx';
import { Failure } from './failure.tsx';
import { localTime } from './format.ts';
import { showOnce } from './shown-once.tsx';
import { useAction } from './use-action.ts';

type Props = {
  /** Replaces the secret. Only its response has the new secret. */
  readonly request: () => Promise<{
    readonly webhook_secret: string;
    readonly previous_valid_until: number;
  }>;
  readonly onClose: () => void;
  /** What the user has to know or to choose before. */
  readonly children: ReactNode;
};

/** The question whether to replace a webhook secret. The new one is shown once. */
export function ReplaceSecret({ request, onClose, children }: Props) {
  const rotate = useAction({
    mutationFn: () =>
      showOnce(request(), ({ webhook_secret, previous_valid_until }) => ({
        title: 'The new secret',
        secret: webhook_secret,
        name: 'secret',
        children: `Copy it now: it is not shown again. The one before works until ${localTime(previous_valid_until)}.`,
        whenLost: 'If it gets lost, replace it once more.',
      })),
    onSuccess: onClose,
  });
  const close = rotate.unlessRunning(onClose);
  return (
    <Dialog title="Replace the secret?" onClose={close}>
      {children}
      {rotate.error && (
        <Failure
          what="The secret was not replaced."
          whenUnclear="It is not certain that the secret was replaced. Replace it again to have one."
          error={rotate.error}
        />
      )}
      <p className="actions">
        <button
          type="button"
          className="primary"
          aria-disabled={rotate.isPending}
          onClick={() => rotate.mutate()}
        >
          Replace
        </button>
        <button type="button" aria-disabled={rotate.isPending} onClick={close}>
          Keep
        </button>
      </p>
    </Dialog>
  );
}
