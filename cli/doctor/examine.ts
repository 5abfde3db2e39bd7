import { testKeyPrefix } from '../../functions/domain/model/ids.ts';
import type { DarkroomApi } from '../api/api.ts';
import { CliError } from '../program/cli-error.ts';
import { type Finding, fail, type Step, seeErrors, skipped, steps } from './finding.ts';
import { examineOperation, type OperationPorts } from './operation-steps.ts';
import { examineSandbox } from './sandbox-steps.ts';
import { checkKey, judgeAddress, judgeClock, type Probe } from './service-steps.ts';
import { examineTask, type TaskPorts } from './task-steps.ts';

export type Ports = Omit<TaskPorts, 'api'> &
  Omit<OperationPorts, 'apiNow'> & {
    readonly url: string;
    readonly api: Pick<DarkroomApi, 'credits' | 'create' | 'task' | 'cancel'>;
    /** Sends one request without a key, to see whether the API is at the address. */
    readonly probe: () => Promise<Probe>;
    /** Whether the doctor may make one task that costs credits. */
    readonly spend: boolean;
  };

/** Examines a deployment step by step. Each step has exactly one finding; a step that cannot be examined is skipped. */
export async function* examine(ports: Ports): AsyncGenerator<Finding> {
  const reported = new Set<Step>();
  for await (const finding of examineAll(ports)) {
    reported.add(finding.step);
    yield finding;
  }
  for (const step of Object.keys(steps) as Step[]) {
    if (!reported.has(step)) yield skipped(step, 'An earlier step has to work first.');
  }
}

const stepsOfTask = [
  'upload',
  'event',
  'workflow',
  'result',
  'callback',
  'signature',
  'replay',
] as const;

async function* examineAll(ports: Ports): AsyncGenerator<Finding> {
  const probe = await ports.probe();
  const address = judgeAddress(ports.url, probe);
  yield address;
  if (address.state === 'fail' || 'errorCode' in probe) return;
  const skewMs = ports.now() - (probe.dateMs ?? ports.now());
  yield judgeClock(probe.dateMs, ports.now());
  const key = await checkKey(ports.api, ports.isTestKey);
  yield key;
  if (key.state !== 'fail') yield* examineTasks(ports);
  yield* examineOperation({ ...ports, apiNow: () => ports.now() - skewMs });
}

async function* examineTasks(ports: Ports): AsyncGenerator<Finding> {
  if (!ports.isTestKey && !ports.spend) {
    const hint =
      'A task with a live key costs credits: --spend makes one, a test key costs nothing.';
    for (const step of stepsOfTask) yield skipped(step, hint);
  } else {
    yield* withErrors(stepsOfTask, examineTask(ports));
    if (!ports.callback) {
      const hint = 'This step needs --listen or --callback-url.';
      yield skipped('callback', hint);
      yield skipped('signature', hint);
    }
  }
  if (ports.isTestKey) yield* withErrors(['sandbox'], examineSandbox(ports));
  else yield skipped('sandbox', `This step needs a test key (${testKeyPrefix}…).`);
}

/** Turns an error of the API into the finding of the step that it interrupts. */
async function* withErrors(
  [first, ...others]: readonly [Step, ...Step[]],
  findings: AsyncGenerator<Finding>,
): AsyncGenerator<Finding> {
  const left = [...others];
  let step: Step | undefined = first;
  try {
    for await (const finding of findings) {
      yield finding;
      step = left.shift();
    }
  } catch (thrown) {
    if (!(thrown instanceof CliError) || step === undefined) throw thrown;
    yield fail(step, `${thrown.message}.`, seeErrors);
  }
}
