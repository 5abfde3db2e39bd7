import type { ReactNode } from 'react';
import { Copy } from './copy.tsx';
import { Dialog } from './dialog.tsx';
import { Failure } from './failure.tsx';
import { localTime } from './format.ts';
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

/** Asks whether to replace a webhook secret, and then shows the new one. */
export function ReplaceSecret({ request, onClose, children }: Props) {
  const rotate = useAction({ mutationFn: request });
  const close = rotate.unlessRunning(onClose);
  if (rotate.data) {
    return (
      <Dialog title="The new secret">
        <p>
          Copy it now: it is not shown again. The one before works until{' '}
          {localTime(rotate.data.previous_valid_until)}.
        </p>
        <p className="new-key">
          <code>{rotate.data.webhook_secret}</code>
        </p>
        <p className="actions">
          <Copy text={rotate.data.webhook_secret} label="Copy secret" />
          <button type="button" className="primary" onClick={close}>
            I have saved it
          </button>
        </p>
      </Dialog>
    );
  }
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
