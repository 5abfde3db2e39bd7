import { describe, expect, test } from 'vitest';
import type { FunctionDefinition } from '../../../../local/aws/template/read-functions.ts';
import { faultQueue } from '../../../support/faults/fault-queue.ts';
import { faultInjection } from '../../../support/faults/faults.ts';

test('a fault that is added while the queue is searched is considered, too', () => {
  const queue = faultQueue<{ readonly name: string }>();
  queue.add({ name: 'first' });

  const taken = queue.take(({ name }) => {
    if (name === 'first') queue.add({ name: 'second' });
    return name === 'second';
  });

  expect(taken).toEqual({ name: 'second' });
});

describe('a crash', () => {
  const definition = { id: 'Work' } as FunctionDefinition;

  function setUp() {
    const { watch, commands } = faultInjection();
    const endExecution = () => undefined;
    const faults = commands({
      functions: [definition],
      lambda: { recycle: () => undefined },
      endExecution,
    });
    /** Runs the function; returns the decision at each call. */
    const run = (event: unknown, ...calls: string[]) => {
      const watched = watch()?.(definition, event);
      return calls.map((call, id) => watched?.decide(id, call));
    };
    return { faults, run };
  }

  test('happens in the invocation with the matching event, and in no other', () => {
    const { faults, run } = setUp();
    const matching = (event: unknown) => event === 'b';
    const fault = faults.crash({ function: 'Work', call: 1, when: 'before', matching });

    expect([run('a', 'x'), run('b', 'x'), run('b', 'x')]).toEqual([
      ['continue'],
      ['crash before'],
      ['continue'],
    ]);
    expect(fault.hasHappened()).toBe(true);
  });

  test('counts only calls with the given name', () => {
    const { faults, run } = setUp();
    faults.crash({ function: 'Work', callName: 'y', call: 2, when: 'after' });

    expect(run('a', 'y', 'x', 'z', 'y')).toEqual([
      'continue',
      'continue',
      'continue',
      'crash after',
    ]);
  });

  test('can wait for the n-th invocation that reaches the call', () => {
    const { faults, run } = setUp();
    faults.crash({ function: 'Work', callName: 'y', call: 1, when: 'before', nth: 2 });

    expect([run('a', 'y'), run('b', 'x'), run('c', 'y')]).toEqual([
      ['continue'],
      ['continue'],
      ['crash before'],
    ]);
  });

  test('can happen several times', () => {
    const { faults, run } = setUp();
    faults.crash({ function: 'Work', call: 1, when: 'before', times: 2 });

    expect([run('a', 'y'), run('b', 'y'), run('c', 'y')].flat()).toEqual([
      'crash before',
      'crash before',
      'continue',
    ]);
  });
});
