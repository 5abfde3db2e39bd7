import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import type { EventOrder } from '../../../local/faults/events.ts';
import type { Ordered } from '../../../local/faults/order-book.ts';
import type { RequestOrder } from '../../../local/faults/requests.ts';
import { until } from '../open-world.ts';
import { auditMoney } from './audit.ts';
import { type FaultWorld, openFaultWorld } from './fault-world.ts';
import { type Path, pathNamed } from './paths.ts';
import { about, judge, type Trial } from './trial.ts';
import { some, walk, workedOn } from './walk.ts';

// Events that get lost, come late, or come twice; each happens to a task of its own.

const byAddress = pathNamed('a success by address');
const byUploads = pathNamed('a success by uploads');
const cancelling = pathNamed('a cancellation while it is painted');
/** All that the SDK tries. */
const forGood = { fault: 'refuse', times: 3 } as const;
const lost = { fault: 'lose', times: 3 } as const;
const late = { fault: 'delay', delayMs: 4000 } as const;
const twice = { fault: 'duplicate' } as const;

let world: FaultWorld;

beforeAll(async () => {
  world = await openFaultWorld({ outdir: inject('outdir') });
});
afterAll(() => world?.close());

type Order = (taskId: string) => Ordered;

async function play(what: string, path: Path, order: Order): Promise<Trial> {
  const orders: Ordered[] = [];
  const suspect = await walk(world, path, (taskId) => orders.push(order(taskId)));
  await workedOn(world, suspect.id);
  return { ...suspect, what, orders, ends: [path.end] };
}

describe('an event', () => {
  const s3 = (fault: Omit<EventOrder, 'of'>) => (taskId: string) =>
    world.faults.event({ of: 's3', ...fault, matching: about(taskId) });
  const start = (fault: Omit<RequestOrder, 'of'>) => (taskId: string) =>
    world.faults.request({ of: 'start', ...fault, matching: about(taskId) });
  const next = (taskId: string) => {
    const order = start({ ...forGood, nth: 2 })(taskId);
    void world.news
      .when(taskId, ({ type, state }) => type === 'TaskSubmitted' && state === 'AwaitProvider')
      .then(() => world.faults.endExecution(taskId, 'ABORTED'));
    return order;
  };

  // Who brings the task on: the sweep, or nobody has to.
  const cases: readonly (readonly [what: string, path: Path, Order, by: 'sweep' | 'nobody'])[] = [
    ['the first upload is not told', byUploads, s3({ fault: 'drop', nth: 1 }), 'sweep'],
    ['the last upload is not told', byUploads, s3({ fault: 'drop', nth: 2 }), 'sweep'],
    ['the first upload is told late', byUploads, s3({ ...late, nth: 1 }), 'nobody'],
    ['the last upload is told late', byUploads, s3({ ...late, nth: 2 }), 'nobody'],
    ['the first upload is told twice', byUploads, s3({ ...twice, nth: 1 }), 'nobody'],
    ['the last upload is told twice', byUploads, s3({ ...twice, nth: 2 }), 'nobody'],
    ['the last upload is told twice, late', byUploads, s3({ ...late, ...twice, nth: 2 }), 'nobody'],
    ['the caller cannot start it', byAddress, start(forGood), 'sweep'],
    ['the last upload cannot start it', byUploads, start(forGood), 'nobody'],
    ['that it was started is not heard', byAddress, start(lost), 'nobody'],
    ['that it was started by an upload is not heard', byUploads, start(lost), 'nobody'],
    ['it is started twice', byAddress, start(twice), 'nobody'],
    ['it is started twice by an upload', byUploads, start(twice), 'nobody'],
    ['it is started late', byAddress, start(late), 'nobody'],
    ['its next execution cannot be started', byAddress, next, 'nobody'],
  ];
  const brought = new Map<string, string>();
  let wrong: readonly string[] = [];

  beforeAll(async () => {
    world.painter.control(byAddress.painting);
    const trials = await some(8, cases, ([what, path, order]) => play(what, path, order));
    await until(world.isQuiet, Boolean);
    for (const { id, what } of trials) {
      const { finishedAt } = await world.dynamoItem(id);
      brought.set(what, finishedAt === undefined ? 'sweep' : 'nobody');
    }
    ({ wrong } = await judge(world, trials));
  }, 120_000);

  test.each(cases)('does no harm when %s', (what, _path, _order, by) => {
    expect(wrong.filter((fault) => fault.startsWith(`${what}:`))).toEqual([]);
    expect(brought.get(what)).toBe(by);
  });
});

describe('a wake-up', () => {
  const faults = [forGood, lost, twice, late];
  const wakeUp = (fault: Omit<RequestOrder, 'of'>) => () =>
    world.faults.request({ of: 'wake-up', ...fault });

  const expectHarmless = async (path: Path, order: Order) => {
    await until(world.isQuiet, Boolean);
    world.painter.control(path.painting);
    expect(await judge(world, [await play('it', path, order)])).toEqual({ wrong: [], looks: 0 });
  };

  test.each(faults)('with "$fault" only makes a cancellation later', async (fault) => {
    await expectHarmless(cancelling, wakeUp(fault));
  });

  test('that the cancelling function did not live to send is made good by the next question', async () => {
    await expectHarmless(cancelling, (taskId) =>
      world.faults.kill({
        ...{ function: 'api/cancel-task', named: 'states SendTaskFailure', call: 1 },
        ...{ when: 'before', matching: about(taskId) },
      }),
    );
  });

  test.each(faults)(
    'that ends the polling, with "$fault", only makes the end later',
    async (fault) => {
      await expectHarmless(byAddress, wakeUp(fault));
    },
  );
});

test('a sweep that does not run is made good by the next one', async () => {
  await until(world.isQuiet, Boolean);
  world.painter.control(byAddress.painting);
  const trial = await play('it', byAddress, (taskId) => {
    world.faults.request({ of: 'start', ...forGood, matching: about(taskId) });
    return world.faults.event({ of: 'schedule', fault: 'drop' });
  });

  expect(await judge(world, [trial])).toEqual({ wrong: [], looks: expect.any(Number) });
});

test('after all of it the account has what it should have', async () => {
  expect(await auditMoney(world)).toEqual([]);
});
