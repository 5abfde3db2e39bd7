import { usageError } from '../program/cli-error.ts';

const placeholders = ['input', 'id', 'n'] as const;
type Placeholder = (typeof placeholders)[number];

/** What stands in the name of a result: `n` counts the results of a task from 1. */
export type NameValues = { readonly [name in Placeholder]: string | number };

/** The help for a pattern of names. */
export const nameHelp =
  'how to name them: {input} is the name of the first picture, {id} the id of the task, {n} the number of the result';

/**
 * Checks a pattern like `{input}-{n}`. It names a file, never a folder.
 * @throws {CliError} a usage error
 */
export function checkNamePattern(pattern: string): void {
  if (pattern.trim() === '' || /[/\\]/.test(pattern)) {
    throw usageError('--name is the name of a file, without a folder: --out says where it lies');
  }
  for (const [, name = ''] of pattern.matchAll(/\{([^}]*)\}/g)) {
    if (!placeholders.some((one) => one === name)) {
      throw usageError(`--name has no {${name}}: there are {input}, {id} and {n}`);
    }
  }
}

/** The name of a result, without its extension. Whatever stands in the values, it is a plain name. */
export function formatName(pattern: string, values: NameValues): string {
  const name = pattern.replace(/\{(input|id|n)\}/g, (_, key: Placeholder) => String(values[key]));
  return plainName(name);
}

// Windows opens a device for these names, whatever the extension.
const devices = /^(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)/i;
const maxNameBytes = 200;

/** A name that is safe in every file system: no separators, no controls, nothing hidden, not too long. */
function plainName(text: string): string {
  const name = text
    .normalize('NFC')
    .replace(/[^\p{L}\p{M}\p{N} ._()+,=@-]+/gu, '-')
    .replace(/^[\s.-]+|[\s.-]+$/g, '');
  const short = shorten(name, maxNameBytes) || 'result';
  return devices.test(short) ? `_${short}` : short;
}

/** The beginning of a text that has so many bytes at most. */
function shorten(text: string, maxBytes: number): string {
  let short = '';
  let bytes = 0;
  for (const character of text) {
    bytes += Buffer.byteLength(character);
    if (bytes > maxBytes) break;
    short += character;
  }
  return short;
}

/** The name of a picture without its folder and extension, for `{input}`. */
export function inputName(picture: string | undefined): string {
  const path = picture === undefined ? '' : pathOf(picture);
  const base = path.split(/[/\\]/).at(-1) ?? '';
  return base.replace(/\.[^.]{1,5}$/, '') || 'picture';
}

function pathOf(picture: string): string {
  const url = /^https?:/i.test(picture) ? URL.parse(picture) : null;
  if (!url) return picture;
  try {
    return decodeURIComponent(url.pathname);
  } catch {
    return url.pathname;
  }
}
