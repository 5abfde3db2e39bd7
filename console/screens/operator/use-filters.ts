import { useSearchParams } from 'wouter';

/**
 * Filters in the address of the page, so that a filtered list can be sent to somebody. An empty filter counts as absent.
 */
export function useFilters<Name extends string>(names: readonly Name[]) {
  const [query, setQuery] = useSearchParams();
  const textOf = (name: Name): string | undefined => query.get(name) || undefined;
  return {
    isFiltered: names.some((name) => textOf(name) !== undefined),
    textOf,
    /** The value, if it is one of these: an unknown value in the address filters nothing. */
    oneOf: <Value extends string>(name: Name, values: readonly Value[]): Value | undefined =>
      values.find((value) => value === textOf(name)),
    change(name: Name, value: string | undefined): void {
      setQuery((before) => {
        const next = new URLSearchParams(before);
        if (value === undefined || value === '') next.delete(name);
        else next.set(name, value);
        return next;
      });
    },
    clear: () => setQuery({}),
  };
}
