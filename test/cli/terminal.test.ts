import { expect, test } from 'vitest';
import { escapeControls, toSingleLine } from '../../cli/program/terminal.ts';

const dangerous = [
  ['an escape sequence', '\u001b[31m'],
  ['a C1 control', '\u009b31m'],
  ['a deletion', '\u007f'],
  ['an override of the direction', '\u202e'],
  ['an isolate', '\u2066'],
  ['a mark of the direction', '\u200f'],
  ['a space without width', '\u200b'],
  ['a byte order mark', '\ufeff'],
] as const;

test.each(dangerous)('a line shows nothing of %s', (_what, text) => {
  const [character = ''] = text;

  expect(toSingleLine(`safe${text}.txt`)).not.toContain(character);
});

test.each(dangerous)('an answer has %s in escaped form, and is the same JSON', (_what, text) => {
  const answer = { note: `safe${text}.txt`, emoji: '👩‍🎨', text: 'größe 照片' };
  const printed = escapeControls(JSON.stringify(answer));

  expect(printed).not.toContain(text.charAt(0));
  expect(JSON.parse(printed)).toEqual(answer);
  expect(printed).toContain('👩‍🎨');
});

test('line breaks and tabs of an answer stay', () => {
  expect(escapeControls('a\tb\nc')).toBe('a\tb\nc');
});
