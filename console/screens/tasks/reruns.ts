/** A task in the response to its create. After a repeated request, `status` may be other than `pending`. */
type CreatedTask = { readonly id: string; readonly status: string };

type Options<Prepared, Created extends CreatedTask> = {
  /** Throws when the user who started the action is not signed in any more. */
  readonly check: () => void;
  /** Reads a task, and makes the request for another one like it. */
  readonly prepare: (id: string) => Promise<Prepared>;
  /** Sends the request, under the Idempotency-Key that belongs to it. */
  readonly create: (prepared: Prepared) => Promise<Created>;
  /** Sends the pictures that the new task waits for. */
  readonly send: (created: Created, prepared: Prepared) => Promise<void>;
};

/**
 * Starts tasks once more. A request whose outcome is unknown, or whose pictures were not sent, is stored. The next try
 * sends the same request, so that nothing is made or paid twice. It does not depend on a screen, and outlives the
 * screens.
 *
 * @param isDecided whether the error means that the API has refused the request. Then another try is another request
 */
export function makeReruns<Prepared, Created extends CreatedTask>(
  isDecided: (error: unknown) => boolean,
) {
  /** By the id of the task that is run again. */
  const unclear = new Map<string, Prepared>();

  const start = async (
    id: string,
    prepared: Prepared,
    { check, create, send }: Options<Prepared, Created>,
  ): Promise<Created> => {
    // Checked before anything is stored, because the next user must not find it here.
    check();
    unclear.set(id, prepared);
    const created = await create(prepared).catch((error) => {
      if (isDecided(error)) unclear.delete(id);
      throw error;
    });
    check();
    if (created.status !== 'failed') await send(created, prepared);
    unclear.delete(id);
    return created;
  };

  return {
    /** @returns the new task, which has not failed */
    async run(id: string, options: Options<Prepared, Created>): Promise<Created> {
      const earlier = unclear.get(id);
      const repeated = earlier && (await start(id, earlier, options));
      // The earlier task may have failed by now, because its pictures were missing. It costs nothing, and a new task is
      // started.
      if (repeated && repeated.status !== 'failed') return repeated;
      return start(id, await options.prepare(id), options);
    },
    /** Forgets all requests, after a sign-out. */
    forget: () => unclear.clear(),
  };
}
