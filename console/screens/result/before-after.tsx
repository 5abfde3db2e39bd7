import { useState } from 'react';

type Props = {
  /** A link to the input; there is none when its copy has expired. */
  readonly before: string | undefined;
  readonly after: string;
  readonly alt: string;
};

/** An image over the picture it was made of, with a boundary that can be moved: by pointer, or by arrow keys. */
export function BeforeAfter({ before, after, alt }: Props) {
  const [share, setShare] = useState(50);
  const [isGone, setGone] = useState(false);
  // Until the image is loaded, the whole input is shown.
  const [isLoaded, setLoaded] = useState(false);
  if (isGone) {
    return (
      <p className="empty panel">
        This image cannot be shown: it was deleted, or the link has expired. Reload the page for a
        new link.
      </p>
    );
  }
  if (before === undefined) {
    return (
      <div className="before-after">
        <img className="after" src={after} alt={alt} onError={() => setGone(true)} />
      </div>
    );
  }
  return (
    <div className="before-after">
      <img
        className="after"
        src={after}
        alt={alt}
        onError={() => setGone(true)}
        onLoad={() => setLoaded(true)}
      />
      <img
        className="before"
        src={before}
        alt="What it was made of"
        style={{ clipPath: `inset(0 ${isLoaded ? 100 - share : 0}% 0 0)` }}
      />
      {!isLoaded && <span className="corner corner-before">Loading the image</span>}
      {isLoaded && <Boundary share={share} onMove={setShare} />}
    </div>
  );
}

type BoundaryProps = { readonly share: number; readonly onMove: (share: number) => void };

function Boundary({ share, onMove }: BoundaryProps) {
  return (
    <>
      <span className="boundary" style={{ left: `${share}%` }} aria-hidden="true" />
      <span className="corner corner-before" aria-hidden="true">
        before
      </span>
      <span className="corner corner-after" aria-hidden="true">
        after
      </span>
      <input
        type="range"
        min={0}
        max={100}
        value={share}
        aria-label="How much of the picture before is shown"
        aria-valuetext={`${share} percent`}
        onInput={({ currentTarget }) => onMove(Number(currentTarget.value))}
      />
    </>
  );
}
