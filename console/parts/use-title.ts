import { useEffect } from 'react';

/** The title of the window says what is shown. */
export function useTitle(title: string): void {
  useEffect(() => {
    document.title = `${title} – Darkroom`;
  }, [title]);
}
