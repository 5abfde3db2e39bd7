import { codeOf, partsOf } from './hidden-characters.ts';

/** A text that somebody else wrote: it cannot change the text around it, and its invisible characters are shown. */
export function Foreign({ text, lines }: { readonly text: string; readonly lines?: number }) {
  return (
    <bdi className={lines === undefined ? 'foreign' : `foreign clamp-${lines}`}>
      {partsOf(text).map((part, index) =>
        part.isHidden ? (
          <span key={index} className="hidden-character">
            {codeOf(part.text)}
          </span>
        ) : (
          part.text
        ),
      )}
    </bdi>
  );
}

/** Like `Foreign`, for places where only plain text is possible, as in an option. */
export const plainForeign = (text: string): string =>
  partsOf(text)
    .map((part) => (part.isHidden ? codeOf(part.text) : part.text))
    .join('');
