import { describe, expect, test } from 'vitest';
import { codeOf, partsOf } from '../../../console/parts/hidden-characters.ts';

/** A text as the console shows it, with the codes of hidden characters in brackets. */
const shown = (text: string): string =>
  partsOf(text)
    .map((part) => (part.isHidden ? `[${codeOf(part.text)}]` : part.text))
    .join('');

describe('a hidden character is shown by its code', () => {
  test.each([
    ['a control character', '\u0007'],
    ['the escape of a terminal', '\u001b'],
    ['a soft hyphen', '\u00ad'],
    ['a grapheme joiner', '\u034f'],
    ['a Hangul filler of a first consonant', '\u115f'],
    ['a Hangul filler of a vowel', '\u1160'],
    ['a Hangul filler', '\u3164'],
    ['a Hangul filler of half width', '\uffa0'],
    ['a Mongolian separator of vowels', '\u180e'],
    ['a Khmer inherent vowel', '\u17b4'],
    ['a space without width', '\u200b'],
    ['a joiner between letters', '\u200d'],
    ['a separator of lines', '\u2028'],
    ['a turn to the right', '\u202e'],
    ['an isolated turn to the left', '\u2066'],
    ['a mark of the byte order', '\ufeff'],
    ['an anchor of an annotation', '\ufff9'],
    ['the sixteenth variation selector', '\ufe0f'],
    ['the first variation selector', '\ufe00'],
    ['a variation selector of an ideograph', '\u{e0100}'],
    ['a tag of a language', '\u{e0001}'],
    ['a tag that is a letter', '\u{e0041}'],
    ['the end of tags', '\u{e007f}'],
  ])('%s', (_what, character) => {
    expect(shown(`a${character}b`)).toBe(`a[${codeOf(character)}]b`);
  });

  test('each of several, and a text of nothing else', () => {
    expect(shown('\u3164\u{e0068}\u{e0069}')).toBe('[U+3164][U+E0068][U+E0069]');
    expect(partsOf('')).toEqual([]);
  });
});

describe('what one sees stays as it is', () => {
  test.each([
    ['text of other scripts, with spaces, a tab and a line end', 'Größe\t写真 صورة\u00a0한국\n'],
    ['an emoji of one character', 'a 🙂 b'],
    ['an emoji with its selector', 'a ❤️ b'],
    ['an emoji as text', 'a ❤︎ b'],
    ['an emoji with the colour of a skin', '👍🏽'],
    ['a family', '👩‍👩‍👧‍👦'],
    ['a heart on fire', '❤️‍🔥'],
    ['a rainbow flag', '🏳️‍🌈'],
    ['a woman of a profession, with the colour of her skin', '👩🏾‍🚀'],
    ['the flag of a country', '🇩🇪'],
    ['the flag of Scotland', '🏴󠁧󠁢󠁳󠁣󠁴󠁿'],
    ['a key of a telephone', '1️⃣ #️⃣'],
  ])('%s', (_what, text) => {
    expect(shown(text)).toBe(text);
  });
});

describe('an emoji hides nothing', () => {
  test.each([
    ['a second selector', '❤\ufe0f\ufe0f', '❤\ufe0f[U+FE0F]'],
    ['a joiner behind it that joins nothing', '🙂\u200dtext', '🙂[U+200D]text'],
    ['a joiner before it', 'text\u200d🙂', 'text[U+200D]🙂'],
    ['a selector behind a digit', '1\ufe0f2', '1[U+FE0F]2'],
    [
      'tags behind a flag that spell something else',
      '🏴\u{e0068}\u{e0069}\u{e007f}',
      '🏴[U+E0068][U+E0069][U+E007F]',
    ],
    ['tags behind another emoji', '🙂\u{e0067}', '🙂[U+E0067]'],
    ['a turn of the direction', '🙂\u202egpj', '🙂[U+202E]gpj'],
  ])('%s', (_what, text, expected) => {
    expect(shown(text)).toBe(expected);
  });
});
