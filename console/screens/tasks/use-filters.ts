import { useSearchParams } from 'wouter';
import { type Filters, filtersOf, views } from './filters.ts';

/** The filters and the view, in the address. */
export function useFilters() {
  const [query, setQuery] = useSearchParams();
  return {
    filters: filtersOf(query),
    view: views.find((view) => view === query.get('view')) ?? 'table',
    /** `replace`: makes no entry in the history of the browser, for a text that is being typed. */
    change(name: keyof Filters | 'view', value: string | undefined, replace = false): void {
      const changed = (before: URLSearchParams) => {
        const next = new URLSearchParams(before);
        if (value === undefined) next.delete(name);
        else next.set(name, value);
        return next;
      };
      setQuery(changed, { replace });
    },
    clear(): void {
      setQuery((before) => {
        const view = before.get('view');
        return view === null ? {} : { view };
      });
    },
  };
}
