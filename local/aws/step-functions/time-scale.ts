/** The time of the machines: every wait is divided by `speed`. */
export type TimeScale = {
  /** Runs a function after these seconds of the machines' time; returns a function that cancels it. */
  after(seconds: number, run: () => void): () => void;
};

// The longest that a timer of Node can wait. A longer one would fire at once.
const maxTimerMs = 2 ** 31 - 1;

export const timeScale = (speed: number): TimeScale => ({
  after(seconds, run) {
    const timer = setTimeout(run, Math.min((seconds * 1000) / speed, maxTimerMs));
    return () => clearTimeout(timer);
  },
});
