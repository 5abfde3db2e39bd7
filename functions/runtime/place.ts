/** Where a field stands in a body, as `param` has it: `image_urls[0]`. At the very top it is nowhere. */
export const placeIn = (path: readonly PropertyKey[]): string | undefined =>
  path.length === 0 ? undefined : path.map(placePart).join('');

const placePart = (part: PropertyKey, index: number): string =>
  typeof part === 'number' ? `[${part}]` : `${index > 0 ? '.' : ''}${String(part)}`;
