/** As many places as a model takes pictures: what is known about the first ones, and nothing about the others. */
export const placesOf = <Slot extends object>(
  slots: readonly Slot[],
  count: number,
): readonly (Slot | Record<string, never>)[] =>
  Array.from({ length: count }, (_, index) => slots[index] ?? {});

/** Where the next picture belongs: the first place that has none, or the last. */
export function nextPlace(places: readonly { readonly picture?: unknown }[]): number {
  const empty = places.findIndex(({ picture }) => picture === undefined);
  return empty === -1 ? places.length - 1 : empty;
}
