// A simulation of discrete events: processes are generators that yield how many milliseconds they wait. Only these waits
// let time pass.

/** A process. It yields how many milliseconds pass, and returns its result. */
export type Process<T = void> = Generator<number, T, void>;

export type Clock = {
  /** Milliseconds since the start. */
  now(): number;
  start(process: Process): void;
  /** Runs all processes up to this time. */
  runUntil(milliseconds: number): void;
};

type Event = { readonly at: number; readonly process: Process };

export function createClock(): Clock {
  const events = queue();
  let now = 0;
  const step = (process: Process) => {
    const { done, value } = process.next();
    if (!done) events.add({ at: now + value, process });
  };
  return {
    now: () => now,
    start: step,
    runUntil(milliseconds) {
      while (events.earliest() <= milliseconds) {
        const event = events.take();
        if (!event) return;
        now = event.at;
        step(event.process);
      }
    },
  };
}

/** A binary heap: the earliest event is taken first. */
function queue() {
  const heap: Event[] = [];
  const at = (index: number) => heap[index]?.at ?? Number.POSITIVE_INFINITY;
  const swap = (one: number, other: number) => {
    const [a, b] = [heap[one], heap[other]];
    if (a && b) [heap[one], heap[other]] = [b, a];
  };
  const rise = (index: number) => {
    for (let child = index; child > 0; ) {
      const parent = (child - 1) >> 1;
      if (at(parent) <= at(child)) return;
      swap(parent, child);
      child = parent;
    }
  };
  const sink = () => {
    for (let parent = 0; ; ) {
      const left = 2 * parent + 1;
      const smallest = at(left + 1) < at(left) ? left + 1 : left;
      if (at(smallest) >= at(parent)) return;
      swap(parent, smallest);
      parent = smallest;
    }
  };
  return {
    earliest: () => at(0),
    add(event: Event) {
      heap.push(event);
      rise(heap.length - 1);
    },
    take(): Event | undefined {
      swap(0, heap.length - 1);
      const event = heap.pop();
      sink();
      return event;
    },
  };
}
