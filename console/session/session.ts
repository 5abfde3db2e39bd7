import { useSyncExternalStore } from 'react';
import { activeAtOf, isIdle } from './idle.ts';

// The key lies in this tab's own storage, which ends with the tab. Other tabs of the page ask for it over a channel that
// no other origin hears.

export type Session = {
  readonly key: string | undefined;
  /** The id of the key whose work is on the page. It stays when the key is gone and nobody has signed out. */
  readonly owner: string | undefined;
  /** Why somebody has to sign in again, with the page still open behind it. */
  readonly interrupted?: 'refused' | 'idle' | undefined;
};

const names = { key: 'darkroom.key', owner: 'darkroom.key-id', activeAt: 'darkroom.active-at' };

type Message =
  | { readonly type: 'who is signed in?' }
  | { readonly type: 'signed in'; readonly key: string; readonly owner: string | undefined }
  | { readonly type: 'signed out' }
  | { readonly type: 'active' };

const channel = new BroadcastChannel('darkroom.session');
const listeners = new Set<() => void>();
let activeAt = activeAtOf(sessionStorage.getItem(names.activeAt));
let current: Session = {
  key: isIdle(activeAt, Date.now()) ? undefined : (sessionStorage.getItem(names.key) ?? undefined),
  owner: sessionStorage.getItem(names.owner) ?? undefined,
};

function store(name: string, value: string | undefined): void {
  if (value === undefined) sessionStorage.removeItem(name);
  else sessionStorage.setItem(name, value);
}

function change(next: Session): void {
  current = next;
  store(names.key, next.key);
  store(names.owner, next.owner);
  for (const listener of listeners) listener();
}

function touch(): void {
  activeAt = Date.now();
  store(names.activeAt, String(activeAt));
}

const cleanups = new Set<() => void>();

function endSession(): void {
  for (const cleanup of cleanups) cleanup();
  change({ key: undefined, owner: undefined });
}

/** Begins a session. What another key has left on the page is deleted first. */
function begin(key: string, owner: string | undefined): void {
  if (owner !== current.owner) endSession();
  touch();
  change({ key, owner });
}

/** Forgets the key when it has not been used for too long. @returns whether somebody is signed in */
function isSignedIn(): boolean {
  if (current.key !== undefined && isIdle(activeAt, Date.now())) {
    change({ key: undefined, owner: current.owner, interrupted: 'idle' });
  }
  return current.key !== undefined;
}

const send = (message: Message) => channel.postMessage(message);

channel.addEventListener('message', ({ data }: MessageEvent<Message>) => {
  if (data.type === 'who is signed in?' && isSignedIn() && current.key !== undefined) {
    send({ type: 'signed in', key: current.key, owner: current.owner });
  }
  // A tab that asks its user to sign in again does not take over the key of another tab.
  if (data.type === 'signed in' && current.key === undefined && !current.interrupted) {
    begin(data.key, data.owner);
  }
  if (data.type === 'signed out') endSession();
  if (data.type === 'active' && current.key !== undefined) touch();
});
if (current.key === undefined) {
  store(names.key, undefined);
  send({ type: 'who is signed in?' });
}

const noteMs = 10_000;

function noteActivity(): void {
  if (!isSignedIn() || Date.now() - activeAt < noteMs) return;
  touch();
  send({ type: 'active' });
}

for (const event of ['pointerdown', 'keydown', 'wheel', 'touchstart'] as const) {
  addEventListener(event, noteActivity, { passive: true });
}
setInterval(isSignedIn, noteMs);

/** Who is signed in, in this tab. */
export const session = {
  current: () => current,
  /** `owner`: the id of the key. */
  signIn(key: string, owner: string): void {
    begin(key, owner);
    send({ type: 'signed in', key, owner });
  },
  signOut(): void {
    endSession();
    send({ type: 'signed out' });
  },
  /** Registers what a sign-out in any tab deletes, so that nothing of the session stays. */
  onSignOut(cleanup: () => void): void {
    cleanups.add(cleanup);
  },
  /** The API does not take the key any more. What is on the page stays. */
  refused(): void {
    change({ key: undefined, owner: current.owner, interrupted: 'refused' });
  },
  subscribe(listener: () => void): () => void {
    listeners.add(listener);
    return () => listeners.delete(listener);
  },
};

export const useSession = (): Session => useSyncExternalStore(session.subscribe, session.current);
