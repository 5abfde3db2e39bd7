import { type ReactNode, useSyncExternalStore } from 'react';
import { Link } from 'wouter';
import { Copy } from './copy.tsx';
import { Dialog } from './dialog.tsx';

// A new key or webhook secret is in one response only, and cannot be read again. So the page keeps it, not the screen that
// asked for it: going back loses neither the secret nor a response that is on its way. Until the secret has been copied,
// the browser asks before a reload and before the page is left.

type Secret = {
  readonly title: string;
  readonly secret: string;
  /** What is copied: `key` */
  readonly name: string;
  readonly children: ReactNode;
  /** What to do when it is lost all the same. */
  readonly whenLost: string;
  /** Where to go on when it is saved; without it, where one is. */
  readonly next?: string;
};

let waiting: readonly (Secret & { readonly isCopied: boolean })[] = [];
let onTheirWay = 0;
/** How many sessions have ended on this page: the response to a request of an earlier session is shown to nobody. */
let endedSessions = 0;
const listeners = new Set<() => void>();

const askBeforeLeaving = (event: BeforeUnloadEvent) => event.preventDefault();

function change(next: typeof waiting): void {
  waiting = next;
  watchLeaving();
  for (const listener of listeners) listener();
}

function watchLeaving(): void {
  const wouldLose = onTheirWay > 0 || waiting.some(({ isCopied }) => !isCopied);
  if (wouldLose) addEventListener('beforeunload', askBeforeLeaving);
  else removeEventListener('beforeunload', askBeforeLeaving);
}

// A copy may end late: after a sign-out, or when another secret has come. So these find their secret among those of now.
const markCopied = (copied: string) =>
  change(waiting.map((one) => (one.secret === copied ? { ...one, isCopied: true } : one)));
const remove = (saved: string) => change(waiting.filter(({ secret }) => secret !== saved));

/**
 * Waits for an answer that has a secret, and shows it until somebody says that it is saved.
 * @returns the answer; undefined if the session that asked for it has ended meanwhile
 */
export async function showOnce<Answer>(
  answer: Promise<Answer>,
  secretOf: (answer: Answer) => Secret,
): Promise<Answer | undefined> {
  const endedBefore = endedSessions;
  onTheirWay += 1;
  watchLeaving();
  try {
    const received = await answer;
    if (endedBefore !== endedSessions) return undefined;
    change([...waiting, { ...secretOf(received), isCopied: false }]);
    return received;
  } finally {
    onTheirWay -= 1;
    watchLeaving();
  }
}

/** Whoever signs in next sees nothing of it. */
export function forgetSecrets(): void {
  endedSessions += 1;
  change([]);
}

const subscribe = (listener: () => void) => {
  listeners.add(listener);
  return () => listeners.delete(listener);
};

/** The secret that is shown now, over whatever screen is open. */
export function ShownOnce() {
  const [first] = useSyncExternalStore(subscribe, () => waiting);
  if (!first) return null;
  const { title, secret, name, children, whenLost, next } = first;
  const close = () => remove(secret);
  return (
    <Dialog key={secret} title={title}>
      <p>{children}</p>
      <p className="new-key">
        <code>{secret}</code>
      </p>
      <p className="caption">{whenLost}</p>
      <p className="actions">
        <Copy text={secret} label={`Copy ${name}`} onCopied={() => markCopied(secret)} />
        {next === undefined ? (
          <button type="button" className="primary" onClick={close}>
            I have saved it
          </button>
        ) : (
          <Link href={next} className="button primary" onClick={close}>
            I have saved it
          </Link>
        )}
      </p>
    </Dialog>
  );
}
