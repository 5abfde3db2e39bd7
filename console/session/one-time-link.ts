import { useSyncExternalStore } from 'react';

// `npm run keys -- console` prints an address with `#code=…`. What stands behind the # is sent to nobody by the browser; the
// page takes it out of the address at once, so that it stays in no history.

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
// Somebody opens the link in a tab that has the page already.
addEventListener('hashchange', takeFromAddress);

const subscribe = (listener: () => void) => {
  listeners.add(listener);
  return () => listeners.delete(listener);
};

/** The code of a link that was opened, until somebody has dealt with it. */
export const useOneTimeCode = () => useSyncExternalStore(subscribe, () => code);

export const forgetOneTimeCode = () => change(undefined);
