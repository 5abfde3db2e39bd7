import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { type ProviderName, providerNames } from '../../../../functions/domain/model/catalogue.ts';
import { SubmitUnknown } from '../../../../functions/domain/model/workflow-errors.ts';
import type { TaskStore } from '../../../../functions/domain/tasks/ports.ts';
import { submitTask } from '../../../../functions/domain/tasks/submit-task.ts';
import { forEachProvider } from '../../../support/fakes.ts';
import { pending, sampleId } from '../../../support/tasks.ts';
import { busy, context, jobRejected, operatorRejected } from './submit-context.ts';

// Tries start and crash at any moment. Still one provider is paid, once.

const timedOut = () => new SubmitUnknown('timed out');
const errors = {
  lost: timedOut, // the job is accepted, and the response is lost
  'lost before acceptance': timedOut,
  busy,
  'rejects the operator': operatorRejected,
  'rejects the job': jobRejected,
} as const;
type Reaction = 'accepted' | keyof typeof errors;
const reactions: readonly Reaction[] = [
  'accepted',
  'lost',
  'lost before acceptance',
  'busy',
  'rejects the operator',
  'rejects the job',
];
const isAccepted: ReadonlySet<Reaction> = new Set(['accepted', 'lost']);
// A provider does not reject a job that it has accepted.
const isRepeatable: ReadonlySet<Reaction> = new Set([
  'accepted',
  'rejects the operator',
  'rejects the job',
]);

/** The providers: the response to each submit, and every job that will be billed. */
function providerBills(reactionsInOrder: readonly Reaction[]) {
  const left = [...reactionsInOrder];
  const bills: string[] = [];
  const bill = (name: ProviderName): string => {
    const ticket = `${name} ${bills.length}`;
    bills.push(ticket);
    return ticket;
  };
  const known = (name: ProviderName) =>
    name === 'evolink' ? bills.find((ticket) => ticket.startsWith(name)) : undefined;
  const ask = (name: ProviderName): string => {
    const reaction = left.shift() ?? 'accepted';
    const ticket = known(name) ?? (isAccepted.has(reaction) ? bill(name) : undefined);
    if (ticket && isRepeatable.has(reaction)) return ticket;
    throw reaction === 'accepted' ? new Error('accepted without a ticket') : errors[reaction]();
  };
  return { bills, ask };
}

type Barrier = <T>(name: string, operation: () => Promise<T>) => Promise<T>;

/** A function that crashes after its nth step. Each step is done, and then its response is on its way. */
function barrierOf(scheduler: fc.Scheduler, crashesAt: number | null): Barrier {
  let step = 0;
  return async (name, operation) => {
    step += 1;
    const isLast = step === crashesAt;
    await scheduler.schedule(Promise.resolve(), name);
    const value = await operation();
    await scheduler.schedule(Promise.resolve(), `${name}: the response`);
    if (isLast) throw new Error('died');
    return value;
  };
}

const through = (barrier: Barrier, tasks: TaskStore): TaskStore => ({
  ...tasks,
  find: (id) => barrier('find', () => tasks.find(id)),
  acquireSubmitLock: (...of) => barrier('lock', () => tasks.acquireSubmitLock(...of)),
  renewSubmitLock: (...of) => barrier('renew lock', () => tasks.renewSubmitLock(...of)),
  releaseSubmitLock: (...of) => barrier('unlock', () => tasks.releaseSubmitLock(...of)),
  recordSubmitted: (...of) => barrier('ticket', () => tasks.recordSubmitted(...of)),
  recordOutcome: (...of) => barrier('outcome', () => tasks.recordOutcome(...of)),
});

const history = fc.record({
  scheduler: fc.scheduler(),
  order: fc.shuffledSubarray([...providerNames], { minLength: 1 }),
  reactionsInOrder: fc.array(fc.constantFrom(...reactions), { minLength: 12, maxLength: 12 }),
  // The tries one after the other, and the step at which each crashes, if it gets that far.
  crashes: fc.array(fc.option(fc.integer({ min: 1, max: 8 }), { freq: 2 }), {
    minLength: 2,
    maxLength: 5,
  }),
  atOnce: fc.integer({ min: 1, max: 3 }),
});

test('a task is never paid for twice, whichever tries run at the same time and crash', async () => {
  const property = fc.asyncProperty(history, async (happens) => {
    const { scheduler, order, reactionsInOrder, crashes, atOnce } = happens;
    const { deps, tasks, clock, find } = context(pending(), {});
    const { bills, ask } = providerBills(reactionsInOrder);
    const attempt = (crashesAt: number | null) => {
      const barrier = barrierOf(scheduler, crashesAt);
      const submit = (name: ProviderName) => () => barrier(`ask ${name}`, async () => ask(name));
      return submitTask({
        ...deps,
        availableProviders: async () => order,
        tasks: through(barrier, tasks),
        providers: {
          ...forEachProvider((name) => ({ submit: submit(name) })),
          evolink: { submit: submit('evolink'), idempotent: true },
        },
      })(sampleId).catch(() => undefined);
    };

    const attempts = Array.from({ length: atOnce }, async (_, nth) => {
      for (const crashesAt of crashes.filter((__, index) => index % atOnce === nth)) {
        clock.advance(1);
        await attempt(crashesAt);
      }
    });
    await scheduler.waitFor(Promise.all(attempts));

    const task = await find();
    expect(bills.length).toBeLessThanOrEqual(1);
    if (task?.status === 'processing') expect(bills).toEqual([task.ticket]);
  });

  await fc.assert(property, { seed: 20250906, numRuns: 3000, interruptAfterTimeLimit: 30_000 });
});
