type Sent = {
  readonly url: string;
  readonly body: string;
  /** Made for every attempt: a signature has the time in it. */
  readonly headers: () => Readonly<Record<string, string>>;
};

export type Callbacks = ReturnType<typeof callbacks>;

const deadlineMs = 10_000;
const retriesAfterMs = [1000, 2000, 4000];

/** Tells whoever ordered a job that it is over; again after 1, 2 and 4 seconds if it was not taken. */
export function callbacks(speed: number) {
  const timers = new Set<NodeJS.Timeout>();

  const attempt = async (sent: Sent, tries: number): Promise<void> => {
    const { url, body, headers } = sent;
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers() },
      body,
      redirect: 'manual',
      signal: AbortSignal.timeout(deadlineMs),
    }).catch(() => undefined);
    await response?.body?.cancel();
    const afterMs = retriesAfterMs[tries];
    if (response?.ok || afterMs === undefined) return;
    const timer = setTimeout(() => {
      timers.delete(timer);
      void attempt(sent, tries + 1);
    }, afterMs / speed);
    timers.add(timer.unref());
  };

  return {
    tell: (sent: Sent): void => void attempt(sent, 0),
    close(): void {
      for (const timer of timers) clearTimeout(timer);
    },
  };
}
