// Control characters, invisible characters, and characters that change the direction of the text around them.
const hidden =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
  /([\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff])/;

/** A text that somebody else wrote: it cannot change the text around it, and its invisible characters are shown. */
export function Foreign({ text, lines }: { readonly text: string; readonly lines?: number }) {
  const parts = text.split(hidden);
  return (
    <bdi className={lines === undefined ? 'foreign' : `foreign clamp-${lines}`}>
      {parts.map((part, index) =>
        index % 2 === 0 ? (
          part
        ) : (
          <span key={index} className="hidden-character">
            {codeOf(part)}
          </span>
        ),
      )}
    </bdi>
  );
}

/** Like `Foreign`, for places where only plain text is possible, as in an option. */
export const plainForeign = (text: string): string =>
  text
    .split(hidden)
    .map((part, index) => (index % 2 === 0 ? part : codeOf(part)))
    .join('');

const codeOf = (character: string): string =>
  `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`;
