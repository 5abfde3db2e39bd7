import type { Watch } from '../lambda/watch.ts';
import type { FunctionDefinition } from '../template/read-functions.ts';
import { orderBook } from './order-book.ts';

/** One run of a function, in words that are the same whenever the same thing happens. */
export type Invocation = {
  /** Its file without `functions/` and `.ts`, where the template says it; else its logical id. */
  readonly function: string;
  /** Its first, its second … since recording began. */
  readonly number: number;
  /** In the order in which they were made: `dynamodb UpdateItem`, `POST 127.0.0.1 /jobs/…`. */
  readonly calls: readonly string[];
};

export type KillOrder = {
  readonly function: string;
  /** Its number in the record; whichever comes first, if it is left out. */
  readonly invocation?: number;
  /** The first call is 1. */
  readonly call: number;
  /** Only calls in these words are counted; all of them, if it is left out. */
  readonly named?: string;
  /** Before its first byte leaves, or when its answer is there and the function has not seen it. */
  readonly when: 'before' | 'after';
  /** The n-th invocation that gets to such a call, counted from when the order is given. */
  readonly nth?: number;
  /** At so many of them, one after the other; at one, if it is left out. */
  readonly times?: number;
  /** Looks at the event the function is invoked with. */
  readonly matching?: (event: unknown) => boolean;
};

/** Looks on while functions run, and lets them die where it was ordered. */
export function kills(functions: readonly FunctionDefinition[]) {
  const names = new Set(functions.map(nameOf));
  const orders = orderBook<KillOrder>();
  let record: Invocation[] = [];
  let isOn = false;

  const watch: Watch = (definition, event) => {
    const name = nameOf(definition);
    const number = record.filter((one) => one.function === name).length + 1;
    const calls: string[] = [];
    const present = record;
    present.push({ function: name, number, calls });
    return (call) => {
      calls.push(call);
      // What is left over from before is not what the orders are about.
      if (present !== record) return 'lives';
      const order = orders.take(
        (one) =>
          one.function === name &&
          isAt(one, calls) &&
          (one.invocation ?? number) === number &&
          (one.matching?.(event) ?? true),
      );
      return order ? `dies ${order.when}` : 'lives';
    };
  };

  return {
    watch: () => (isOn ? watch : undefined),
    isOn: () => isOn,
    /** Takes effect in the sandboxes that start from now on. */
    record(): readonly Invocation[] {
      isOn = true;
      record = [];
      return record;
    },
    order(order: KillOrder) {
      if (!names.has(order.function)) throw new Error(`There is no function ${order.function}`);
      return orders.give(order);
    },
    clear() {
      isOn = false;
      record = [];
      orders.clear();
    },
  };
}

const isAt = ({ call, named }: KillOrder, calls: readonly string[]): boolean => {
  const counted = named === undefined ? calls : calls.filter((one) => one === named);
  return counted.length === call && (named === undefined || calls.at(-1) === named);
};

const nameOf = ({ id, description = '' }: FunctionDefinition): string =>
  /^functions\/(.+)\.ts$/.exec(description)?.[1] ?? id;
