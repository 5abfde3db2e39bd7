import { expect, test } from 'vitest';
import { lambdaRunner } from '../../../local/aws/lambda/lambda.ts';
import { type FakeClock, fakeClock, installClock } from '../../support/clock.ts';
import { sandboxPrelude } from '../../support/faults/sandbox-prelude.ts';
import { bundled, logLines } from './bundle.ts';

const hour = 60 * 60 * 1000;

function livingBy(clock: FakeClock, run: () => void): void {
  const removeClock = installClock(clock.offset);
  try {
    run();
  } finally {
    removeClock();
  }
}

test('shows the machine’s time until it is advanced', () => {
  const clock = fakeClock();

  expect(Math.abs(clock.now() - Date.now())).toBeLessThan(hour);
  clock.advance(hour);
  clock.advance(2 * hour);
  expect(clock.now() - Date.now()).toBeGreaterThan(2.9 * hour);
});

test('never goes back', () => {
  const clock = fakeClock();
  clock.advance(hour);
  clock.advance(-2 * hour);

  expect(clock.now() - Date.now()).toBeGreaterThan(0.9 * hour);
});

test('gives the time to every new Date of its thread, and leaves a given date as it is', () => {
  const clock = fakeClock();
  const before = Date.now();
  const machines = Date;
  livingBy(clock, () => {
    const { now } = Date;
    clock.advance(hour);

    expect(now() - before).toBeGreaterThan(0.9 * hour);
    const [earlier, made, later] = [now(), new Date().toISOString(), now()];
    expect(new machines(made).getTime()).toBeGreaterThanOrEqual(earlier);
    expect(new machines(made).getTime()).toBeLessThanOrEqual(later);
    expect(new Date(7).getTime()).toBe(7);
    expect(new Date('2026-01-01T00:00:00Z').toISOString()).toBe('2026-01-01T00:00:00.000Z');
    expect(Date.UTC(2026, 0)).toBe(machines.UTC(2026, 0));
    expect(new Date()).toBeInstanceOf(machines);
    expect(new machines()).toBeInstanceOf(Date);
  });
});

test('gives the time to functions, also to those in a warm sandbox', async () => {
  const clock = fakeClock();
  const definition = bundled(`
    const now = Date.now;
    export const handler = async () => [now(), Number(new Date())];
  `);
  const lambda = lambdaRunner({
    functions: [definition],
    logs: logLines(),
    prelude: sandboxPrelude({ clock }),
  });
  const times = async () => {
    const result = await lambda.invoke(definition.name, {});
    return result.ok ? (result.payload as readonly number[]) : [];
  };

  const [early = 0] = await times();
  clock.advance(hour);
  const late = await times();
  await lambda.close();

  for (const time of late) expect(time - early).toBeGreaterThan(0.9 * hour);
  expect(late).toHaveLength(2);
});
