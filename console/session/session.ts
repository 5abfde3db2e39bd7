import { useSyncExternalStore } from 'react';

// The key lies in this tab's own storage, which ends with the tab. Other tabs of the page ask for it over a channel that
// no other origin hears.

export type Session = {
  readonly key: string | undefined;
  /** Why somebody has to sign in again, with the page still open behind it. */
  readonly interrupted?: 'refused' | 'idle' | undefined;
};

/** After so long without a touch the key is forgotten, in all tabs. */
const idleMs = 30 * 60_000;
const storageName = 'darkroom.key';

type Message =
  | { readonly type: 'who is signed in?' }
  | { readonly type: 'signed in'; readonly key: string }
  | { readonly type: 'signed out' }
  | { readonly type: 'active' };

const channel = new BroadcastChannel('darkroom.session');
const listeners = new Set<() => void>();
let current: Session = { key: sessionStorage.getItem(storageName) ?? undefined };
let activeAt = Date.now();

function change(next: Session): void {
  current = next;
  if (next.key === undefined) sessionStorage.removeItem(storageName);
  else sessionStorage.setItem(storageName, next.key);
  for (const listener of listeners) listener();
}

const cleanups = new Set<() => void>();

function endSession(): void {
  for (const cleanup of cleanups) cleanup();
  change({ key: undefined });
}

const send = (message: Message) => channel.postMessage(message);

channel.addEventListener('message', ({ data }: MessageEvent<Message>) => {
  if (data.type === 'who is signed in?' && current.key !== undefined) {
    send({ type: 'signed in', key: current.key });
  }
  if (data.type === 'signed in' && current.key === undefined) {
    activeAt = Date.now();
    change({ key: data.key });
  }
  if (data.type === 'signed out') endSession();
  if (data.type === 'active') activeAt = Date.now();
});
if (current.key === undefined) send({ type: 'who is signed in?' });

const noteMs = 10_000;

function noteActivity(): void {
  const now = Date.now();
  if (now - activeAt < noteMs) return;
  activeAt = now;
  send({ type: 'active' });
}

for (const event of ['pointerdown', 'keydown', 'wheel', 'touchstart'] as const) {
  addEventListener(event, noteActivity, { passive: true });
}
setInterval(() => {
  if (current.key !== undefined && Date.now() - activeAt > idleMs) {
    change({ key: undefined, interrupted: 'idle' });
  }
}, noteMs);

/** Who is signed in, in this tab. */
export const session = {
  current: () => current,
  signIn(key: string): void {
    activeAt = Date.now();
    change({ key });
    send({ type: 'signed in', key });
  },
  signOut(): void {
    endSession();
    send({ type: 'signed out' });
  },
  /** What a sign-out in any tab deletes, so that nothing of the session stays. */
  onSignOut(cleanup: () => void): void {
    cleanups.add(cleanup);
  },
  /** The API does not take the key any more. What is on the page stays. */
  refused(): void {
    change({ key: undefined, interrupted: 'refused' });
  },
  subscribe(listener: () => void): () => void {
    listeners.add(listener);
    return () => listeners.delete(listener);
  },
};

export const useSession = (): Session => useSyncExternalStore(session.subscribe, session.current);
