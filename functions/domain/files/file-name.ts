import { contentTypeOf, type ImageFormat } from '../model/image-format.ts';

/** The longest name of a file, and the longest path, in code points. */
export const maxNameCodePoints = 100;
export const maxPathCodePoints = 200;

export const fileNameRule = `must be 1 to ${maxNameCodePoints} characters without / \\ < > : " | ? * and without invisible characters, like photo.png`;
export const uploadPathRule = `must be at most ${maxPathCodePoints} characters: names like photos/2026, without .. and without invisible characters`;

/** The path of a file that was given none. */
export const defaultPath = 'images';

// Not allowed in a name: what divides a path or is markup, what has a meaning in a shell or on a disk, controls, line
// ends, and what changes the order of the letters. Two joiners are invisible and part of words and of emoji.
const forbidden = /[/\\<>:"|?*\p{Cc}\p{Cs}\p{Co}\p{Zl}\p{Zp}\u{FFFD}]|(?![\u200c\u200d])\p{Cf}/gu;

const isName = (text: string): boolean =>
  text.trim() === text && text !== '' && !/^\.+$/.test(text) && text.search(forbidden) === -1;
const codePoints = (text: string): number => [...text].length;

/**
 * Whether a text can have so few code points in its composed form: a letter has at most four parts of two units each. A
 * longer text is refused without reading it: composing it, or searching it for slashes, may take quadratic time.
 */
const canBeComposedTo = (max: number, text: string): boolean => text.length <= 8 * max;

/** A name as it is stored, in the form NFC; undefined when no file may have this name. */
export function fileName(text: string): string | undefined {
  if (!canBeComposedTo(maxNameCodePoints, text)) return undefined;
  const name = text.normalize('NFC');
  return isName(name) && codePoints(name) <= maxNameCodePoints ? name : undefined;
}

/** A path as it is stored; undefined when no file may have this path. Slashes at its ends are ignored. */
export function uploadPath(text: string): string | undefined {
  if (!canBeComposedTo(maxPathCodePoints, text)) return undefined;
  const path = text.normalize('NFC').replace(/^\/+|\/+$/g, '');
  const isPath = path.split('/').every(isName) && codePoints(path) <= maxPathCodePoints;
  return isPath ? path : undefined;
}

/**
 * The name of the caller's own file. It is only shown, so forbidden characters are removed; undefined when nothing of it is
 * left.
 */
export function shownName(text: string): string | undefined {
  const last = text.slice(-1000).normalize('NFC').split(/[/\\]/).at(-1) ?? '';
  const clean = [...last.replace(forbidden, '')].slice(0, maxNameCodePoints).join('').trim();
  return isName(clean) ? clean : undefined;
}

/** The path of a file's address, which ends with the name of the file. */
export function nameInUrl(url: string): string {
  const path = URL.parse(url)?.pathname ?? '';
  try {
    return decodeURIComponent(path);
  } catch {
    return path; // a lone %
  }
}

const extensions: { readonly [format in ImageFormat]: readonly [string, ...string[]] } = {
  jpeg: ['jpg', 'jpeg', 'jpe', 'jfif'],
  png: ['png'],
  webp: ['webp'],
  bmp: ['bmp', 'dib'],
};

/** The usual extension of a picture. */
export const extensionOf = (format: ImageFormat): string => extensions[format][0];

/** A name to save the picture under: its extension fits the format, whatever name the caller has given. */
export function savedName(name: string, format: ImageFormat): string {
  const given = /\.([^.]+)$/.exec(name)?.[1]?.toLowerCase();
  const isRight = given !== undefined && extensions[format].includes(given);
  return isRight ? name : `${name}.${extensionOf(format)}`;
}

/** The header of a download, in which a name may have any letter (RFC 6266 and 8187). */
export function contentDisposition(
  presentation: 'inline' | 'attachment',
  {
    id,
    name,
    format,
  }: { readonly id: string; readonly name: string; readonly format: ImageFormat },
): string {
  const encoded = encodeURIComponent(savedName(name, format)).replace(
    /['()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return `${presentation}; filename="${id}.${extensionOf(format)}"; filename*=UTF-8''${encoded}`;
}

/** The media type of a file. */
export const mimeTypeOf = ({ format }: { readonly format: ImageFormat }) => contentTypeOf(format);
