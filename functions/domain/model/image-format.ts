/** The formats of pictures that are accepted, and their usual names. */
const formatNames = { jpeg: 'JPEG', png: 'PNG', webp: 'WebP', bmp: 'BMP' } as const;
/** Each is also the extension of a key, and the second half of a content type. */
export type ImageFormat = keyof typeof formatNames;
export const imageFormats = Object.keys(formatNames) as readonly ImageFormat[];

export const contentTypeOf = <Format extends ImageFormat>(format: Format) =>
  `image/${format}` as const;

const names = Object.values(formatNames);
/** `JPEG, PNG, WebP or BMP` */
export const formatList = `${names.slice(0, -1).join(', ')} or ${names.at(-1)}`;

const aliases: ReadonlyMap<string, ImageFormat> = new Map([
  ['image/jpg', 'jpeg'],
  ['image/pjpeg', 'jpeg'],
  ['image/x-png', 'png'],
  ['image/x-bmp', 'bmp'],
  ['image/x-ms-bmp', 'bmp'],
]);
/** The format that a media type names, also in its other usual spellings. */
export function formatOfType(type: string): ImageFormat | undefined {
  const name = type.trim().toLowerCase();
  return imageFormats.find((format) => contentTypeOf(format) === name) ?? aliases.get(name);
}
