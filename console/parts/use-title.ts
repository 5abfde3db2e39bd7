import { useEffect } from 'react';
import { plainForeign } from './foreign.tsx';

/** The title of the window says what is shown. The title may have a text in it that somebody else wrote. */
export function useTitle(title: string): void {
  useEffect(() => {
    document.title = `${plainForeign(title)} – Darkroom`;
  }, [title]);
}
