import { useSyncExternalStore } from 'react';

// `npm run keys -- console` prints an address with `#code=…`. The browser sends the part behind the # to nobody. The page
// removes it from the address at once, so that it stays in no history.

let code: string | undefined;
const listeners = new Set<() => void>();

function change(next: string | undefined): void {
  code = next;
  for (const listener of listeners) listener();
}

function takeFromAddress(): void {
  const [, found] = /^#code=([\w-]+)$/.exec(location.hash) ?? [];
  if (found === undefined) return;
  history.replaceState(history.state, '', location.pathname + location.search);
  change(found);
}
takeFromAddress();
// The link may be opened in a tab that has the page already.
addEventListener('hashchange', takeFromAddress);

const subscribe = (listener: () => void) => {
  listeners.add(listener);
  return () => listeners.delete(listener);
};

/** The code of a link that was opened, until it is used or dropped. */
export const useOneTimeCode = () => useSyncExternalStore(subscribe, () => code);

export const forgetOneTimeCode = () => change(undefined);
