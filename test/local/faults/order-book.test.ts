import { describe, expect, test } from 'vitest';
import { faultInlets } from '../../../local/faults/faults.ts';
import { orderBook } from '../../../local/faults/order-book.ts';
import type { FunctionDefinition } from '../../../local/template/read-functions.ts';

test('an order that is given while somebody looks for one is looked at, too', () => {
  const book = orderBook<{ readonly name: string }>();
  book.give({ name: 'first' });

  const taken = book.take(({ name }) => {
    if (name === 'first') book.give({ name: 'second' });
    return name === 'second';
  });

  expect(taken).toEqual({ name: 'second' });
});

describe('a kill', () => {
  const definition = { id: 'Paint' } as FunctionDefinition;

  function world() {
    const { watch, orders } = faultInlets([definition], 1);
    const endExecution = () => undefined;
    const faults = orders({ lambda: { renew: () => undefined }, endExecution });
    /** Runs the function; answers what became of it at each call. */
    const run = (event: unknown, ...calls: string[]) => {
      const fateAt = watch()?.(definition, event);
      return calls.map((call) => fateAt?.(call));
    };
    return { faults, run };
  }

  test('hits the invocation with its event, and no other one', () => {
    const { faults, run } = world();
    const matching = (event: unknown) => event === 'b';
    const order = faults.kill({ function: 'Paint', call: 1, when: 'before', matching });

    expect([run('a', 'x'), run('b', 'x'), run('b', 'x')]).toEqual([
      ['lives'],
      ['dies before'],
      ['lives'],
    ]);
    expect(order.hasHappened()).toBe(true);
  });

  test('counts only calls in its words', () => {
    const { faults, run } = world();
    faults.kill({ function: 'Paint', named: 'y', call: 2, when: 'after' });

    expect(run('a', 'y', 'x', 'z', 'y')).toEqual(['lives', 'lives', 'lives', 'dies after']);
  });

  test('may wait for the n-th invocation that gets so far', () => {
    const { faults, run } = world();
    faults.kill({ function: 'Paint', named: 'y', call: 1, when: 'before', nth: 2 });

    expect([run('a', 'y'), run('b', 'x'), run('c', 'y')]).toEqual([
      ['lives'],
      ['lives'],
      ['dies before'],
    ]);
  });

  test('may hit several times', () => {
    const { faults, run } = world();
    faults.kill({ function: 'Paint', call: 1, when: 'before', times: 2 });

    expect([run('a', 'y'), run('b', 'y'), run('c', 'y')].flat()).toEqual([
      'dies before',
      'dies before',
      'lives',
    ]);
  });
});
