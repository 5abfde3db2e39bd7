export const imageFormats = ['jpeg', 'png', 'webp', 'bmp'] as const;
/** The formats that are accepted. Each is also the extension of a key, and the second half of a content type. */
export type ImageFormat = (typeof imageFormats)[number];
