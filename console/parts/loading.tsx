import { useEffect, useState } from 'react';

const quietMs = 200;

/** Shows nothing for a moment and then grey lines, so that a fast response does not make the page flicker. */
export function Loading({ what, lines = 3 }: { readonly what: string; readonly lines?: number }) {
  const [isShown, show] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => show(true), quietMs);
    return () => clearTimeout(timer);
  }, []);
  if (!isShown) return null;
  return (
    <div className="loading" role="status">
      <span className="sr-only">Loading {what}</span>
      {Array.from({ length: lines }, (_, index) => (
        <span key={index} className="loading-line" />
      ))}
    </div>
  );
}
