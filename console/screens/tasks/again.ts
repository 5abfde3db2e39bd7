/** A task as the response to its creation tells of it; `status` is not `pending` when the request was a repeated one. */
type Made = { readonly id: string; readonly status: string };

type Options<Prepared, Created extends Made> = {
  /** Throws when whoever has asked is not signed in any more. */
  readonly check: () => void;
  /** Reads a task, and makes the request for another one like it. */
  readonly prepare: (id: string) => Promise<Prepared>;
  /** Sends the request, under the Idempotency-Key that belongs to it. */
  readonly create: (prepared: Prepared) => Promise<Created>;
  /** Sends the pictures that the new task waits for. */
  readonly send: (created: Created, prepared: Prepared) => Promise<void>;
};

/**
 * Starts tasks once more. A request whose outcome is not known, or whose pictures were not sent, is kept: the very same is sent
 * when somebody asks for it again, so that nothing is made or paid twice. It knows no screen, and outlives them.
 *
 * @param isDecided whether the API has refused the request: another try is another request
 */
export function makeAgain<Prepared, Created extends Made>(isDecided: (error: unknown) => boolean) {
  /** By the id of the task that is run again. */
  const unclear = new Map<string, Prepared>();

  const start = async (
    id: string,
    prepared: Prepared,
    { check, create, send }: Options<Prepared, Created>,
  ): Promise<Created> => {
    // Before anything is kept: the next who signs in must not find it here.
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
      // What was begun earlier may have failed by now, for want of its pictures: it costs nothing, and is begun anew.
      if (repeated && repeated.status !== 'failed') return repeated;
      return start(id, await options.prepare(id), options);
    },
    /** After a sign-out. */
    forget: () => unclear.clear(),
  };
}
