/** A part of a text: as it is, or a character that nobody sees. */
export type TextPart = { readonly text: string; readonly isHidden: boolean };

/**
 * Divides a text at its hidden characters: what is invisible, and what turns the direction of the text around it. What belongs
 * to an emoji is not hidden there, since the emoji is what one sees of it. Spaces, tabs and line ends are not hidden.
 */
export function partsOf(text: string): readonly TextPart[] {
  const parts: TextPart[] = [];
  let visible = '';
  for (const { 0: token, groups } of text.matchAll(tokens)) {
    if (groups?.['hidden'] === undefined) {
      visible += token;
      continue;
    }
    if (visible !== '') parts.push({ text: visible, isHidden: false });
    parts.push({ text: token, isHidden: true });
    visible = '';
  }
  return visible === '' ? parts : [...parts, { text: visible, isHidden: false }];
}

/** `U+202E` */
export const codeOf = (character: string): string =>
  `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`;

// Unicode says which characters are invisible: joiners, variation selectors, fillers, tags, and marks of direction. Beside
// them: control characters, the two separators of lines and paragraphs, and the marks of annotations.
const hidden =
  '[\\p{Default_Ignorable_Code_Point}\\u0000-\\u0008\\u000b-\\u001f\\u007f-\\u009f\\u2028\\u2029\\ufff9-\\ufffb]';

// An emoji as UTS 51 builds it. A selector or a joiner anywhere else is hidden. Of the flags that are spelled with tags
// there are three: any other spelling could carry a text.
const picture = '\\p{Extended_Pictographic}(?:[\\ufe0e\\ufe0f]|\\p{Emoji_Modifier})?';
const pictures = `${picture}(?:\\u200d${picture})*`;
const keycap = '[0-9#*]\\ufe0f\\u20e3';
const tagged = ['gbeng', 'gbsct', 'gbwls'].map((region) =>
  [...region].map((letter) => String.fromCodePoint(0xe0000 + letter.charCodeAt(0))).join(''),
);
const regionFlag = `\\u{1f3f4}(?:${tagged.join('|')})\\u{e007f}`;

const tokens = new RegExp(
  `(?<emoji>${regionFlag}|${pictures}|${keycap})|(?<hidden>${hidden})|[^]`,
  'gu',
);
