import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  contentDisposition,
  fileName,
  nameInUrl,
  savedName,
  shownName,
  uploadPath,
} from '../../../../functions/domain/files/file-name.ts';

const hostile: readonly (readonly [string, string])[] = [
  ['nothing', ''],
  ['blanks', '  '],
  ['a dot', '.'],
  ['two dots', '..'],
  ['a path', 'a/b.png'],
  ['a path of Windows', 'a\\b.png'],
  ['markup', '<b>.png'],
  ['a quote', 'a".png'],
  ['a drive', 'c:a.png'],
  ['a line end', 'a\nb.png'],
  ['NUL', 'a\0.png'],
  ['a change of the text direction', 'a\u202egnp.exe'],
  ['an isolated change of the text direction', 'a\u2066b'],
  ['an invisible character', 'a\u200bb.png'],
  ['a byte order mark', '\ufeffa.png'],
  ['half of a surrogate pair', 'a\ud800'],
  ['what was not UTF-8', 'caf\ufffd.png'],
  ['a blank at its end', 'a.png '],
  ['101 characters', 'a'.repeat(101)],
  ['10 kB', 'a'.repeat(10_000)],
  // These would take longer than a test may if the time were the square of the length.
  ['400 kB of slashes', `a${'/'.repeat(400_000)}a`],
  ['400 kB of accents in the wrong order', `a${'\u0301\u0316'.repeat(200_000)}`],
];

describe('the name of a file', () => {
  test.each(hostile)('is not %s', (_, text) => {
    expect(fileName(text)).toBeUndefined();
  });

  test.each([
    'photo.png',
    'my photo (1).jpeg',
    'Größe.png',
    '写真.jpg',
    '👩‍💻.png',
    '.hidden',
    'a'.repeat(100),
    '👍'.repeat(100),
    "it's & more, 100%.png",
  ])('may be %j', (name) => {
    expect(fileName(name)).toBe(name);
  });

  test('is the same however its letters are composed', () => {
    expect(fileName('Gro\u0308ße.png')).toBe('Größe.png');
    const longest = '\u1f82'.repeat(100);
    expect(fileName(longest.normalize('NFD'))).toBe(longest);
  });
});

describe('the path of a file', () => {
  const hostileHere = hostile.filter(([kind]) => !['a path', '101 characters'].includes(kind));

  test('is tried with every hostile text but the two that a path may be', () => {
    expect(hostileHere).toHaveLength(hostile.length - 2);
    expect(hostileHere).not.toEqual([]);
  });

  test.each(hostileHere)('is not %s', (_, text) => {
    expect(uploadPath(text)).toBeUndefined();
  });

  test.each(['../a', 'a/../b', 'a//b', 'a/./b', 'a/ b', '/', `${'a/'.repeat(100)}aa`])(
    'is not %j',
    (text) => {
      expect(uploadPath(text)).toBeUndefined();
    },
  );

  test.each([
    ['avatars', 'avatars'],
    ['/photos/2026/', 'photos/2026'],
  ])('%j is %j', (text, path) => {
    expect(uploadPath(text)).toBe(path);
  });
});

describe("the name of the caller's own file", () => {
  test.each([
    ['/home/me/photo.png', 'photo.png'],
    ['C:\\Users\\me\\photo.png', 'photo.png'],
    ['<script>.png', 'script.png'],
    ['a\u202egnp.exe', 'agnp.exe'],
    [`${'a'.repeat(10_000)}.png`, 'a'.repeat(100)],
    ['..', undefined],
    ['\u0000', undefined],
    ['', undefined],
  ])('%j is shown as %j', (text, shown) => {
    expect(shownName(text)).toBe(shown);
  });

  test('is a name that a file may have, whatever was sent', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const shown = shownName(text);
        return shown === undefined || fileName(shown) === shown;
      }),
    );
  });
});

test.each([
  ['https://example.com/a/my%20cat.png?size=1#top', '/a/my cat.png'],
  ['https://example.com', '/'],
  ['https://example.com/100%.png', '/100%.png'], // a lone %, which stands for nothing
  ['no address', ''],
])('the file at %s is called %j there', (url, name) => {
  expect(nameInUrl(url)).toBe(name);
});

describe('the name under which a picture is saved', () => {
  test.each([
    ['photo.jpg', 'photo.jpg'],
    ['photo.JPEG', 'photo.JPEG'],
    ['photo.png', 'photo.png.jpg'],
    ['photo.html', 'photo.html.jpg'],
    ['photo', 'photo.jpg'],
    ['.hidden', '.hidden.jpg'],
  ])('%j is %j when it is a JPEG', (name, saved) => {
    expect(savedName(name, 'jpeg')).toBe(saved);
  });

  test('is one header, whatever the file is called', () => {
    const id = 'file_0123456789abcdefghijklmnop';
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (name) =>
        /^attachment; filename="file_\w+\.png"; filename\*=UTF-8''[\w%.!~-]*$/.test(
          contentDisposition('attachment', { id, name: name.toWellFormed(), format: 'png' }),
        ),
      ),
    );
  });
});
