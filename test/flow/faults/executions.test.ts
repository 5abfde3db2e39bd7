import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import type { BadEnding } from '../../../local/step-functions/executions.ts';
import type { Observed } from '../../../local/step-functions/history.ts';
import { until } from '../open-world.ts';
import { auditMoney, auditTasks } from './audit.ts';
import { type FaultWorld, openFaultWorld } from './fault-world.ts';
import { completed, type Path, paths, unclear } from './paths.ts';
import { sample } from './sample.ts';
import { some, walk } from './walk.ts';

// One run is recorded: every event of its history is a moment at which it can be ended from outside.

const atOnce = 6;
/** Far above what a task takes: the moment did not come. */
const patienceMs = 30_000;
const [path] = paths as readonly [Path];

let world: FaultWorld;
let moments: readonly Moment[];

type Moment = Pick<Observed, 'type' | 'state'>;
type Trial = { readonly moment: Moment; readonly how: BadEnding };

beforeAll(async () => {
  world = await openFaultWorld({ outdir: inject('outdir') });
  world.painter.control(path.painting);
  const { id } = await walk(world, path);
  await world.rest([id]);
  const inStates = world.news.of(id).filter(({ state }) => state !== undefined);
  moments = [...Map.groupBy(inStates, (one) => `${one.state} ${one.type}`).values()].flatMap(
    ([first]) => (first ? [first] : []),
  );
});
afterAll(() => world?.close());

test('a task whose execution is ended, whenever that is, goes on at once', async () => {
  const wrong = await play('told', trials());

  expect(wrong).toEqual([]);
  expect(await auditMoney(world)).toEqual([]);
}, 300_000);

test('when nobody hears of that end, the sweep does', async () => {
  const wrong = await play('untold', trials());

  expect(wrong).toEqual([]);
  expect(await auditMoney(world)).toEqual([]);
}, 300_000);

const trials = (): readonly Trial[] =>
  sample(
    moments.flatMap((moment) =>
      (['ABORTED', 'TIMED_OUT'] as const).map((how) => ({ moment, how })),
    ),
  );

async function play(rule: 'told' | 'untold', all: readonly Trial[]): Promise<readonly string[]> {
  const played = await some(atOnce, all, async (trial) => {
    const suspect = await walk(world, path, (taskId) => end(taskId, trial, rule));
    await Promise.race([world.news.when(suspect.id, isOver), setTimeout(patienceMs)]);
    return { ...suspect, trial, ends: endsOf(trial) };
  });
  const ids = played.map(({ id }) => id);
  await until(world.isQuiet, Boolean);
  const late = rule === 'told' ? await running(ids) : [];
  const looks = await world.rest(ids);
  const faults = await auditTasks(world, played);
  process.stdout.write(`${all.length} executions ended, ${rule}: ${looks} looks\n`);
  return [
    ...played.flatMap(({ id, trial }) =>
      world.news.of(id).some(isOver) ? [] : [say(trial, 'did not happen')],
    ),
    ...late.map((id) => `${id} was not restarted at once`),
    ...played.flatMap(({ trial }, index) => (faults[index] ?? []).map((one) => say(trial, one))),
  ];
}

const isOver = ({ type }: Observed): boolean => /^Execution(Aborted|TimedOut)$/.test(type);

function end(taskId: string, { moment, how }: Trial, rule: 'told' | 'untold'): void {
  if (rule === 'untold') {
    const matching = (event: unknown) => JSON.stringify(event).includes(taskId);
    world.faults.event({ of: 'execution', fault: 'drop', matching });
  }
  void world.news
    .when(taskId, ({ type, state }) => type === moment.type && state === moment.state)
    .then(() => world.faults.endExecution(taskId, how));
}

// What the state has begun goes on: whether the provider took the job is not known to the next one.
const endsOf = ({ moment }: Trial) =>
  moment.state === 'SubmitTask' ? [completed, unclear] : [completed];

async function running(ids: readonly string[]): Promise<readonly string[]> {
  const rows = await Promise.all(ids.map((id) => world.dynamoItem(id)));
  return rows.flatMap(({ id, finishedAt }) => (finishedAt === undefined ? [String(id)] : []));
}

const say = ({ moment: { state, type }, how }: Trial, fault: string): string =>
  `${how} at ${type} of ${state}: ${fault}`;
