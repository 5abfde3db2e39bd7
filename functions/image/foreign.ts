const magic: readonly (readonly [string, number, string])[] = [
  ['GIF8', 0, 'a GIF'],
  ['II*\0', 0, 'a TIFF'],
  ['MM\0*', 0, 'a TIFF'],
  ['II+\0', 0, 'a TIFF'],
  ['MM\0+', 0, 'a TIFF'],
  ['%PDF-', 0, 'a PDF'],
  ['ftyphei', 4, 'a HEIC'],
  ['ftyphev', 4, 'a HEIC'],
  ['ftypavi', 4, 'an AVIF'],
];

/** Names what is often sent instead of an allowed picture; `head` is the start of the file, as Latin-1. */
export function nameForeign(head: string): string | undefined {
  const found = magic.find(([text, at]) => head.startsWith(text, at));
  return found?.[2] ?? nameContainer(head) ?? nameMarkup(head);
}

// A container may carry a neutral brand first and its real one among the compatible brands.
function nameContainer(head: string): string | undefined {
  if (!/^ftypm(if|sf)1/.test(head.slice(4))) return undefined;
  return head.slice(8, 64).includes('avif') ? 'an AVIF' : 'a HEIC';
}

// An error page answered with 200 is the usual reason for a "picture" that begins with "<".
function nameMarkup(head: string): string | undefined {
  const text = head
    .replace(/^\xef\xbb\xbf/, '')
    .trimStart()
    .toLowerCase();
  if (!text.startsWith('<')) return undefined;
  if (text.includes('<svg')) return 'an SVG';
  if (/<!doctype html|<html|<head|<body/.test(text)) return 'an HTML page';
  return text.startsWith('<?xml') ? 'an XML document' : undefined;
}
