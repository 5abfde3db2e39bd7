import { useSearchParams } from 'wouter';

/** Filters that stand in the address, so that it can be sent to somebody. An empty one is as good as absent. */
export function useFilters<Name extends string>(names: readonly Name[]) {
  const [query, setQuery] = useSearchParams();
  const textOf = (name: Name): string | undefined => query.get(name) || undefined;
  return {
    isFiltered: names.some((name) => textOf(name) !== undefined),
    textOf,
    /** The value, if it is one of these: what is unknown in an address filters nothing. */
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
