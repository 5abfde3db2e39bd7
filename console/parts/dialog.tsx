import { type ReactNode, useEffect, useId, useRef } from 'react';

type Props = {
  readonly title: string;
  readonly children: ReactNode;
  /** Called for Escape as well. Without it, or when it does nothing, the dialog stays until it is answered. */
  readonly onClose?: (() => void) | undefined;
};

/** A modal dialog: the browser's own, which keeps the focus inside and gives it back. */
export function Dialog({ title, children, onClose }: Props) {
  const element = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => {
    const before = document.activeElement;
    element.current?.showModal();
    return () => {
      if (before instanceof HTMLElement) before.focus();
    };
  }, []);
  return (
    <dialog
      ref={element}
      aria-labelledby={id}
      onCancel={(event) => {
        event.preventDefault();
        onClose?.();
      }}
      // A browser closes the dialog at the second Escape, also when the first was prevented: then it is opened again.
      onClose={() => element.current?.showModal()}
    >
      <h2 id={id}>{title}</h2>
      {children}
    </dialog>
  );
}
