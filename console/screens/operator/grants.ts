/** Credits to grant; below 0 they are withdrawn. */
export type Grant = { readonly credits: number; readonly note?: string };

/** A grant whose outcome is not known yet. */
type OpenGrant = {
  readonly grant: Grant;
  readonly key: string;
  readonly isSending: boolean;
  /** Why it is unclear whether the grant was booked. Set when no clear response came. */
  readonly error?: unknown;
};

type Options<Entry> = {
  readonly newKey: () => string;
  readonly send: (account: string, grant: Grant, idempotencyKey: string) => Promise<Entry>;
  /** Whether the grant may have been booked, though it failed. */
  readonly isUnclear: (error: unknown) => boolean;
};

/**
 * Grants credits to accounts, one grant at a time to each. An unclear grant stays open until it is repeated under the
 * same Idempotency-Key or dropped; until then no other one is sent. It does not depend on a screen, and outlives the
 * screens.
 */
export function makeGrants<Entry>({ newKey, send, isUnclear }: Options<Entry>) {
  const listeners = new Set<() => void>();
  const grants = new Map<string, OpenGrant>();

  const set = (account: string, next: OpenGrant | undefined) => {
    if (next) grants.set(account, next);
    else grants.delete(account);
    for (const listener of listeners) listener();
  };

  const run = async (account: string, open: OpenGrant): Promise<Entry> => {
    const sent: OpenGrant = { ...open, isSending: true };
    set(account, sent);
    // After a sign-out, the end of the grant is not recorded.
    const end = (next: OpenGrant | undefined) => {
      if (grants.get(account) === sent) set(account, next);
    };
    try {
      const entry = await send(account, sent.grant, sent.key);
      end(undefined);
      return entry;
    } catch (error) {
      // A refusal says nothing about what an earlier request with this key has done.
      const staysOpen = open.error !== undefined || isUnclear(error);
      end(staysOpen ? { ...open, isSending: false, error } : undefined);
      throw error;
    }
  };

  return {
    /**
     * Begins a grant, unless there is an open one.
     * @returns its entry, or `undefined` when nothing was sent
     * @throws what `send` has thrown
     */
    async begin(account: string, grant: Grant): Promise<Entry | undefined> {
      if (grants.has(account)) return undefined;
      return run(account, { grant, key: newKey(), isSending: false });
    },
    /** Sends the open grant again, as it was. It returns and throws as `begin` does. */
    async repeat(account: string): Promise<Entry | undefined> {
      const open = grants.get(account);
      return open && !open.isSending ? run(account, open) : undefined;
    },
    /** Forgets the open grant, whatever its outcome is: the next grant is a new one. */
    drop: (account: string) => set(account, undefined),
    of: (account: string): OpenGrant | undefined => grants.get(account),
    subscribe(listener: () => void): () => void {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    /** For a shared computer: the next user must not repeat them. */
    forget(): void {
      for (const account of [...grants.keys()]) set(account, undefined);
    },
  };
}
