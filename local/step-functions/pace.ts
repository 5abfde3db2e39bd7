/** Time as the machines feel it: every wait is divided by `speed`. */
export type Pace = {
  readonly speed: number;
  /** Runs something after so many seconds of the machine's time; answers how to call it off. */
  after(seconds: number, run: () => void): () => void;
};

// What a timer of Node can hold. A longer one would go off at once.
const longestMs = 2 ** 31 - 1;

/** As good as never, and the most that the engine may be told. */
export const neverSeconds = Math.floor(longestMs / 1000);

export const pace = (speed: number): Pace => ({
  speed,
  after(seconds, run) {
    const timer = setTimeout(run, Math.min((seconds * 1000) / speed, longestMs));
    return () => clearTimeout(timer);
  },
});
