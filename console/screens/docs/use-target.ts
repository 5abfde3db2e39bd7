import { useEffect } from 'react';

/**
 * Scrolls to the element that the address names after its `#`, or else to the top. The browser searched for the element
 * before it was there.
 */
export function useTarget(): void {
  useEffect(() => {
    const show = () => {
      const target = document.getElementById(decoded(location.hash.slice(1)));
      for (const details of detailsAround(target)) details.open = true;
      if (target) target.scrollIntoView();
      return target !== null;
    };
    if (!show()) scrollTo(0, 0);
    addEventListener('hashchange', show);
    return () => removeEventListener('hashchange', show);
  }, []);
}

function* detailsAround(element: HTMLElement | null) {
  for (let at = element; at; at = at.parentElement) {
    if (at instanceof HTMLDetailsElement) yield at;
  }
}

/** An address that somebody mistyped names nothing. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return '';
  }
}
