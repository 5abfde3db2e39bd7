// Control characters, what is invisible, and what turns the direction of the text around it.
const hidden =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
  /([\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff])/;

/** A text that somebody else wrote: it cannot change what stands around it, and what is invisible in it is shown. */
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

/** The same where only plain text can stand, as in an option. */
export const plainForeign = (text: string): string =>
  text
    .split(hidden)
    .map((part, index) => (index % 2 === 0 ? part : codeOf(part)))
    .join('');

const codeOf = (character: string): string =>
  `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`;
