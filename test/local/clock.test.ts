import { expect, test } from 'vitest';
import { type LaptopClock, laptopClock, liveBy } from '../../local/clock.ts';
import { lambdaRunner } from '../../local/lambda/lambda.ts';
import { bundled, linesKept } from './bundle.ts';

// Whatever happens here happens in the time of this process, so each test looks at differences alone.

const hour = 60 * 60 * 1000;

function livingBy(clock: LaptopClock, run: () => void): void {
  const machines = globalThis.Date;
  liveBy(clock.ahead);
  try {
    run();
  } finally {
    globalThis.Date = machines;
  }
}

test('is the clock of the machine until it is put forward', () => {
  const clock = laptopClock();

  expect(Math.abs(clock.now() - Date.now())).toBeLessThan(hour);
  clock.forward(hour);
  clock.forward(2 * hour);
  expect(clock.now() - Date.now()).toBeGreaterThan(2.9 * hour);
});

test('never goes back', () => {
  const clock = laptopClock();
  clock.forward(hour);
  clock.forward(-2 * hour);

  expect(clock.now() - Date.now()).toBeGreaterThan(0.9 * hour);
});

test('is every date of those who live by it, and changes no date that is given', () => {
  const clock = laptopClock();
  const before = Date.now();
  const machines = Date;
  livingBy(clock, () => {
    const { now } = Date;
    clock.forward(hour);

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

test('is what a function takes for the time, also one that is warm', async () => {
  const clock = laptopClock();
  const definition = bundled(`
    const now = Date.now;
    export const handler = async () => [now(), Number(new Date())];
  `);
  const lambda = lambdaRunner({
    ...{ functions: [definition], logs: linesKept(), ahead: clock.ahead },
  });
  const times = async () => {
    const answer = await lambda.invoke(definition.name, {});
    return answer.ok ? (answer.payload as readonly number[]) : [];
  };

  const [early = 0] = await times();
  clock.forward(hour);
  const late = await times();
  await lambda.close();

  for (const time of late) expect(time - early).toBeGreaterThan(0.9 * hour);
  expect(late).toHaveLength(2);
});
