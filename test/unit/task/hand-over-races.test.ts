import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { SubmitUnknown } from '../../../functions/task/failures.ts';
import type { Tasks } from '../../../functions/task/ports.ts';
import { type ProviderName, providerNames } from '../../../functions/task/provider.ts';
import { submitTask } from '../../../functions/task/submit-task.ts';
import { pending, sampleId } from '../../support/tasks.ts';
import { aboutTheJob, aboutUs, busy, world } from './hand-over-world.ts';

// Whoever tries when, and wherever a function dies: one provider is paid, once.

const notHeard = () => new SubmitUnknown('timed out');
const errors = {
  lost: notHeard, // the job is taken, and nobody hears of it
  unheard: notHeard,
  ...{ busy, 'about us': aboutUs, 'about the job': aboutTheJob },
} as const;
type Fate = 'taken' | keyof typeof errors;
const fates: readonly Fate[] = ['taken', 'lost', 'unheard', 'busy', 'about us', 'about the job'];
const isTaken: ReadonlySet<Fate> = new Set(['taken', 'lost']);
// A job that it has it does not refuse.
const isTold: ReadonlySet<Fate> = new Set(['taken', 'about us', 'about the job']);

/** The providers' books: what each question comes to, and every job that will be paid for. */
function books(fated: readonly Fate[]) {
  const left = [...fated];
  const bills: string[] = [];
  const bill = (name: ProviderName): string => {
    const ticket = `${name} ${bills.length}`;
    bills.push(ticket);
    return ticket;
  };
  const known = (name: ProviderName) =>
    name === 'evolink' ? bills.find((ticket) => ticket.startsWith(name)) : undefined;
  const ask = (name: ProviderName): string => {
    const fate = left.shift() ?? 'taken';
    const ticket = known(name) ?? (isTaken.has(fate) ? bill(name) : undefined);
    if (ticket && isTold.has(fate)) return ticket;
    throw fate === 'taken' ? new Error('taken without a ticket') : errors[fate]();
  };
  return { bills, ask };
}

type Door = <T>(name: string, deed: () => Promise<T>) => Promise<T>;

/** A function that dies after its nth step: every one is done, and then its answer is on its way. */
function doorOf(scheduler: fc.Scheduler, diesAt: number | null): Door {
  let step = 0;
  return async (name, deed) => {
    step += 1;
    const isLast = step === diesAt;
    await scheduler.schedule(Promise.resolve(), name);
    const value = await deed();
    await scheduler.schedule(Promise.resolve(), `${name}: the answer`);
    if (isLast) throw new Error('died');
    return value;
  };
}

const behind = (door: Door, tasks: Tasks): Tasks => ({
  ...tasks,
  find: (id) => door('find', () => tasks.find(id)),
  submitting: (...of) => door('mark', () => tasks.submitting(...of)),
  submittingAgain: (...of) => door('mark again', () => tasks.submittingAgain(...of)),
  notSubmitted: (...of) => door('unmark', () => tasks.notSubmitted(...of)),
  submitted: (...of) => door('ticket', () => tasks.submitted(...of)),
  outcome: (...of) => door('outcome', () => tasks.outcome(...of)),
});

const history = fc.record({
  scheduler: fc.scheduler(),
  order: fc.shuffledSubarray([...providerNames], { minLength: 1 }),
  fated: fc.array(fc.constantFrom(...fates), { minLength: 12, maxLength: 12 }),
  // The tries one after the other, and where each dies, if it comes so far.
  deaths: fc.array(fc.option(fc.integer({ min: 1, max: 8 }), { freq: 2 }), {
    ...{ minLength: 2, maxLength: 5 },
  }),
  atOnce: fc.integer({ min: 1, max: 3 }),
});

test('a task is never paid for twice, whoever tries at the same time and dies', async () => {
  const property = fc.asyncProperty(history, async (happens) => {
    const { scheduler, order, fated, deaths, atOnce } = happens;
    const { needs, tasks, clock, find } = world(pending(), {});
    const { bills, ask } = books(fated);
    const attempt = (diesAt: number | null) => {
      const door = doorOf(scheduler, diesAt);
      const submit = (name: ProviderName) => () => door(`ask ${name}`, async () => ask(name));
      return submitTask({
        ...{ ...needs, offered: async () => order, tasks: behind(door, tasks) },
        providers: {
          dashscope: { submit: submit('dashscope') },
          evolink: { submit: submit('evolink'), idempotent: true },
          fal: { submit: submit('fal') },
        },
      })(sampleId).catch(() => undefined);
    };

    const tries = Array.from({ length: atOnce }, async (_, nth) => {
      for (const diesAt of deaths.filter((__, index) => index % atOnce === nth)) {
        clock.advance(1);
        await attempt(diesAt);
      }
    });
    await scheduler.waitFor(Promise.all(tries));

    const task = await find();
    expect(bills.length).toBeLessThanOrEqual(1);
    if (task?.status === 'processing') expect(bills).toEqual([task.ticket]);
  });

  await fc.assert(property, { seed: 20250906, numRuns: 3000, interruptAfterTimeLimit: 30_000 });
});
