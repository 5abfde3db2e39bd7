type Callback = {
  readonly url: string;
  readonly body: string;
  /** Called for every attempt, since a signature contains the time. */
  readonly headers: () => Readonly<Record<string, string>>;
};

/** Delivers a callback once, twice, late or not at all. `deliver` makes all attempts of the provider. */
export type InterceptCallback = (url: string, deliver: () => Promise<void>) => Promise<unknown>;

const deliverOnce: InterceptCallback = (_url, deliver) => deliver();

export type Callbacks = ReturnType<typeof callbacks>;

const deadlineMs = 10_000;
const retriesAfterMs = [1000, 2000, 4000];

/** Sends the callbacks of finished jobs, and retries a failed one after 1, 2 and 4 seconds. */
export function callbacks(speed: number, intercept: InterceptCallback = deliverOnce) {
  const timers = new Set<NodeJS.Timeout>();

  const attempt = async (callback: Callback, retries: number): Promise<void> => {
    const { url, body, headers } = callback;
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers() },
      body,
      redirect: 'manual',
      signal: AbortSignal.timeout(deadlineMs),
    }).catch(() => undefined);
    await response?.body?.cancel();
    const afterMs = retriesAfterMs[retries];
    if (response?.ok || afterMs === undefined) return;
    const timer = setTimeout(() => {
      timers.delete(timer);
      void attempt(callback, retries + 1);
    }, afterMs / speed);
    timers.add(timer.unref());
  };

  return {
    send: (callback: Callback): void => void intercept(callback.url, () => attempt(callback, 0)),
    close(): void {
      for (const timer of timers) clearTimeout(timer);
    },
  };
}
