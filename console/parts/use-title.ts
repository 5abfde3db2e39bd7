import { useEffect } from 'react';
import { plainForeign } from './foreign.tsx';

/** The title of the window says what is shown. It may have a text of others in it. */
export function useTitle(title: string): void {
  useEffect(() => {
    document.title = `${plainForeign(title)} – Darkroom`;
  }, [title]);
}
