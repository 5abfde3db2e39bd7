type Shown = {
  /** The current step, while a start is on its way. */
  readonly step?: string | undefined;
  readonly error?: unknown;
  readonly taskId?: string | undefined;
};

/** The steps of a start, in this order. */
type Work<Body, Created> = {
  /** `isUnclear`: an earlier request may have created a task, and only the very same body repeats it. */
  readonly prepare: (isUnclear: boolean, onUpload: () => void) => Promise<Body>;
  readonly create: (body: Body, idempotencyKey: string) => Promise<Created>;
  readonly send: (created: Created) => Promise<void>;
};

type Options = {
  readonly newKey: () => string;
  /** Whether the error means that the API has refused the request. Then another try is another request. */
  readonly isDecided: (error: unknown) => boolean;
};

/**
 * Starts tasks, one at a time. A start whose outcome is unknown is repeated under the same Idempotency-Key, so that
 * nothing is made or paid twice; a body that has changed is another request. It does not depend on a screen, and outlives
 * the screens.
 */
export function makeStarts<Body, Created extends { readonly id: string }>({
  newKey,
  isDecided,
}: Options) {
  const listeners = new Set<() => void>();
  let shown: Shown = {};
  let unclear: { readonly of: string; readonly key: string } | undefined;
  let running: object | undefined;

  const show = (next: Shown) => {
    shown = next;
    for (const listener of listeners) listener();
  };

  const requestOf = (body: Body) => {
    const of = JSON.stringify(body);
    if (unclear?.of !== of) unclear = { of, key: newKey() };
    return unclear;
  };

  /** @returns the task's id; `undefined` when its caller has signed out */
  const start = async (
    { prepare, create, send }: Work<Body, Created>,
    isMine: () => boolean,
  ): Promise<string | undefined> => {
    const showStep = (step: string) => {
      if (isMine()) show({ taskId: shown.taskId, step });
    };
    showStep('Sending');
    const body = await prepare(unclear !== undefined, () => showStep('Uploading'));
    // Another user may be signed in by now, and would pay for the task.
    if (!isMine()) return undefined;
    const created = await create(body, requestOf(body).key);
    showStep('Uploading');
    await send(created);
    return created.id;
  };

  const run = async (work: Work<Body, Created>): Promise<void> => {
    if (running !== undefined) return;
    const mine = {};
    running = mine;
    const isMine = () => running === mine;
    const end = (next: Shown, isUnclear: boolean) => {
      if (!isMine()) return;
      running = undefined;
      if (!isUnclear) unclear = undefined;
      show(next);
    };
    try {
      end({ taskId: await start(work, isMine) }, false);
    } catch (error) {
      end({ taskId: shown.taskId, error }, !isDecided(error));
    }
  };

  return {
    run,
    shown: () => shown,
    subscribe(listener: () => void): () => void {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    /** Hides the result and the error. A start that is on its way goes on, and an unclear outcome is still known. */
    hide: () => show({ step: shown.step }),
    /** Forgets everything after a sign-out. The next user is not shown the end of a start that is on its way. */
    forget(): void {
      unclear = undefined;
      running = undefined;
      show({});
    },
  };
}
