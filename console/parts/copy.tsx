import { useEffect, useState } from 'react';

type Props = {
  readonly text: string;
  readonly label?: string;
  readonly onCopied?: () => void;
};

/** Copies a text. Without https there is no clipboard: then the text is shown to be copied by hand. */
export function Copy({ text, label = 'Copy', onCopied }: Props) {
  const [state, setState] = useState<'copied' | 'by hand' | undefined>();
  useEffect(() => {
    if (state !== 'copied') return;
    const timer = setTimeout(() => setState(undefined), 2000);
    return () => clearTimeout(timer);
  }, [state]);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      setState('copied');
      onCopied?.();
    } catch {
      setState('by hand');
    }
  };
  return (
    <>
      <button type="button" className="quiet" onClick={copy}>
        {state === 'copied' ? 'Copied' : label}
      </button>
      {state === 'by hand' && (
        <textarea
          className="by-hand"
          aria-label="Copy this by hand"
          readOnly
          rows={3}
          value={text}
          onFocus={({ currentTarget }) => currentTarget.select()}
        />
      )}
      <span className="sr-only" role="status">
        {state === 'copied' ? 'Copied' : ''}
      </span>
    </>
  );
}
