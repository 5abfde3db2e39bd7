import { globSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, inject, test } from 'vitest';
import * as z from 'zod';
import { editTemplate } from '../flow/edit-template.ts';
import { until } from '../flow/open-stack.ts';
import { auditMoney } from './audit.ts';
import { auditFaultCases } from './fault-case.ts';
import { type FaultStack, openFaultStack } from './fault-stack.ts';
import { runScenario } from './run-scenario.ts';
import { scenarioNamed } from './scenarios.ts';

// A deployment changes the definition of the workflow and the code of every function while a task is on its way. As on
// AWS, the execution keeps the definition with which it began, and each state runs the code that is deployed by then.

const scenario = scenarioNamed('a success by URL');
const marker = 'This code is from the second deployment.';

let stack: FaultStack;
const first = inject('outdir');
let second: string;

beforeAll(async () => {
  second = secondDeployment();
  stack = await openFaultStack({ outdir: first, speed: 6 });
});
afterAll(async () => {
  await stack?.close();
  if (second) rmSync(second, { recursive: true, force: true });
});
beforeEach(async () => {
  await until(stack.isIdle, Boolean);
  stack.update(first);
  stack.mockProvider.control(scenario.provider);
});

/** The same stack with another definition, which has a new first state, and with code that logs its version. */
function secondDeployment(): string {
  const outdir = editTemplate(first, (resources) => {
    const machine = Object.values(resources).find(({ Type }) => Type.endsWith('::StateMachine'));
    if (!machine?.Properties) throw new Error('There is no state machine.');
    const text = JSON.stringify(machine.Properties['DefinitionString']);
    const edited = text
      .replace(String.raw`\"StartAt\":\"PrepareInputs\"`, String.raw`\"StartAt\":\"Begin\"`)
      .replace(
        String.raw`\"States\":{`,
        String.raw`\"States\":{\"Begin\":{\"Type\":\"Pass\",\"Next\":\"PrepareInputs\"},`,
      );
    machine.Properties = { ...machine.Properties, DefinitionString: JSON.parse(edited) };
  });
  const bundles = globSync('asset.*/index.cjs', { cwd: outdir });
  expect(bundles.length).toBeGreaterThan(20);
  for (const bundle of bundles) {
    const file = join(outdir, bundle);
    writeFileSync(file, `console.log('${marker}');\n${readFileSync(file, 'utf8')}`);
  }
  return outdir;
}

const statesOf = (execution: string) =>
  stack.executionEvents
    .filter((event) => event.execution === execution && event.type.endsWith('StateEntered'))
    .map(({ state }) => state);

/** The functions that have run the second code. */
const functionsWithNewCode = () => {
  const logs = join(stack.dataDir, 'logs');
  return readdirSync(logs).filter((name) =>
    readFileSync(join(logs, name), 'utf8').includes(marker),
  );
};

const problemsOf = async (
  task: Awaited<ReturnType<typeof runScenario>>,
  label: string,
  end = scenario.end,
) => {
  const audited = { ...task, label, injected: [], allowedEnds: [end] };
  const { problems } = await auditFaultCases(stack, [audited]);
  return [...problems, ...(await auditMoney(stack))];
};

// The last two are states of tasks that were never submitted.
const unsubmitted = scenarioNamed('a cancellation before the uploads');

test.each([
  ['PrepareInputs', scenario],
  ['SubmitTask', scenario],
  ['AwaitProvider', scenario],
  ['PollTask', scenario],
  ['SettleTask', unsubmitted],
  ['NotifyCaller', unsubmitted],
])(
  'a task ends as usual across a deployment that comes while it is in %s',
  async (state, usual) => {
    let deployed: Promise<unknown> | undefined;
    const task = await runScenario(stack, usual, (taskId) => {
      deployed = stack.taskEvents
        .waitFor(taskId, (event) => event.type.endsWith('StateEntered') && event.state === state)
        .then(() => stack.update(second));
    });
    await deployed;

    expect(await problemsOf(task, state, usual.end)).toEqual([]);
    expect(statesOf(task.id)).toEqual(expect.arrayContaining(['PrepareInputs', state]));
    expect(statesOf(task.id)).not.toContain('Begin');
  },
);

test('an execution that ends after a deployment is followed by one with the new definition and code', async () => {
  const task = await runScenario(stack, scenario);
  await stack.taskEvents.waitFor(task.id, ({ state }) => state === 'AwaitProvider');
  stack.update(second);
  stack.faults.endExecution(task.id, 'ABORTED');

  expect(await problemsOf(task, 'aborted')).toEqual([]);
  expect(statesOf(task.id)).not.toContain('Begin');
  expect(statesOf(`${task.id}-2`)).toEqual(expect.arrayContaining(['Begin', 'PollTask']));
  expect(functionsWithNewCode().length).toBeGreaterThanOrEqual(6);
});

test('a domain that a deployment adds is in the links of old tasks, and their old links go on working', async () => {
  const { id } = await runScenario(stack, scenario);
  await until(stack.isIdle, Boolean);
  const linkOf = async () => (await stack.call('GET', `/v1/tasks/${id}`)).body.results[0];
  const before = await linkOf();
  const withDomain = editTemplate(first, (resources) => {
    for (const resource of Object.values(resources)) {
      const variables = environmentOf(resource.Properties);
      if (variables?.['PUBLIC_URL']) variables['PUBLIC_URL'] = 'https://images.example.com';
    }
  });

  stack.update(withDomain);
  const after = await linkOf();

  expect(before).toContain(`${stack.url}/v1/results/${id}/1?`);
  expect(after).toContain(`https://images.example.com/v1/results/${id}/1?`);
  const results = await Promise.all(
    [before, after.replace('https://images.example.com', stack.url)].map((link) => fetch(link)),
  );
  expect(results.map(({ status }) => status)).toEqual([200, 200]);
  rmSync(withDomain, { recursive: true });
});

test('a deployment with other prices charges them for tasks that begin after it, and leaves the others as they were', async () => {
  stack.mockProvider.control({ ...scenario.provider, seconds: 8 });
  const early = await runScenario(stack, scenario);
  await stack.taskEvents.waitFor(early.id, ({ state }) => state === 'AwaitProvider');
  const withPrices = editTemplate(first, (resources) => {
    for (const resource of Object.values(resources)) {
      const variables = environmentOf(resource.Properties);
      if (variables?.['MODEL_PRICES']) variables['MODEL_PRICES'] = JSON.stringify(prices);
    }
  });

  stack.update(withPrices);
  const late = await runScenario(stack, scenario);
  await until(stack.isIdle, Boolean);

  const chargeOf = async ({ id }: { readonly id: string }) =>
    (await stack.call('GET', `/v1/tasks/${id}`)).body.usage.credits_used;
  expect([await chargeOf(early), await chargeOf(late)]).toEqual([1.2, 2.5]);
  const { body } = await stack.call('GET', '/v1/models/wan2.5-image-to-image');
  expect(body.credits_per_image).toBe(2.5);
  expect(await auditMoney(stack)).toEqual([]);
  rmSync(withPrices, { recursive: true });
});

const prices = { 'wan2.5-image-to-image': { milliCreditsPerImage: 2500 } };

/** The variables of a function; they can be changed. */
const environmentOf = (properties: object = {}) =>
  z
    .looseObject({
      Environment: z.looseObject({
        Variables: z.custom<Record<string, unknown>>((value) => typeof value === 'object'),
      }),
    })
    .safeParse(properties).data?.Environment.Variables;
