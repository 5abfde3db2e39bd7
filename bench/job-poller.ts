import { mkdtempSync, rmSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';
import * as z from 'zod';
import type { Invoke } from '../local/aws/lambda/invoke-result.ts';
import { startStepFunctions } from '../local/aws/step-functions/step-functions.ts';
import { startMockProvider } from '../local/providers/server.ts';
import { type Design, recordHistories } from './design.ts';
import { generateOnce } from './generate-once.ts';

/** Starts a job poller on the same engine and with the same mock provider as Darkroom. */
export async function openJobPoller(waitSeconds: number, speed: number): Promise<Design> {
  const { record, historyOf } = recordHistories();
  const directory = mkdtempSync(join(tmpdir(), 'darkroom-job-poller-'));
  const mockProvider = await startMockProvider({ speed, generateImages: generateOnce() });
  const arn = machineArn(waitSeconds);
  const engine = await startStepFunctions({
    machines: [{ arn, definition: jobPollerMachine(waitSeconds) }],
    invoke: jobPollerFunctions(mockProvider.url, directory),
    speed,
    onEvent: record,
  });
  const client = new SFNClient({
    region: 'us-east-1',
    endpoint: engine.url,
    credentials: { accessKeyId: 'any', secretAccessKey: 'any' },
  });
  return {
    mockProvider,
    historyOf,
    async start(request) {
      const { name } = request;
      const start = { stateMachineArn: arn, name, input: JSON.stringify(request) };
      await client.send(new StartExecutionCommand(start));
      return name;
    },
    async close() {
      client.destroy();
      await engine.close();
      await mockProvider.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** The ARN of a function of the job poller. */
const functionArn = (name: string): string =>
  `arn:aws:lambda:us-east-1:000000000000:function:${name}`;

const machineArn = (waitSeconds: number): string =>
  `arn:aws:states:us-east-1:000000000000:stateMachine:every-${waitSeconds}-seconds`;

/**
 * The state machine of a common job poller: Wait, poll, Choice, in a loop until the job is done. It neither
 * prepares inputs nor settles credits, so it has two states less than it would need.
 */
const jobPollerMachine = (waitSeconds: number) => ({
  StartAt: 'SubmitTask',
  TimeoutSeconds: 1800,
  States: {
    SubmitTask: { ...task('SubmitTask'), ResultPath: '$.ticket', Next: 'Wait' },
    Wait: { Type: 'Wait', Seconds: waitSeconds, Next: 'PollTask' },
    PollTask: { ...task('PollTask'), ResultPath: '$.progress', Next: 'IsItDone' },
    IsItDone: {
      Type: 'Choice',
      Choices: [{ Variable: '$.progress.state', StringEquals: 'SUCCEEDED', Next: 'SaveResult' }],
      Default: 'Wait',
    },
    SaveResult: { ...task('SaveResult'), ResultPath: null, Next: 'NotifyCaller' },
    NotifyCaller: { ...task('NotifyCaller'), End: true },
  },
});

const task = (name: string) => ({ Type: 'Task', Resource: functionArn(name) });

const headers = { authorization: 'Bearer any', 'x-dashscope-async': 'enable' };

const Input = z.object({
  name: z.string(),
  image: z.string(),
  callbackUrl: z.string(),
  ticket: z.string().optional(),
  progress: z.object({ state: z.string(), url: z.string().optional() }).optional(),
});
type Input = z.output<typeof Input>;

const Submitted = z.object({ output: z.object({ task_id: z.string() }) });
const Polled = z.object({
  output: z.object({
    task_status: z.string(),
    results: z.array(z.object({ url: z.string() })).optional(),
  }),
});

/** The functions of the job poller. They do the minimum, with the same mock provider. */
function jobPollerFunctions(providerUrl: string, directory: string): Invoke {
  const callProvider = async (path: string, body?: object): Promise<unknown> => {
    const init = body ? { method: 'POST', body: JSON.stringify(body) } : {};
    const response = await fetch(new URL(path, providerUrl), { headers, ...init });
    if (!response.ok) throw new Error(`${path} answered ${response.status}`);
    return response.json();
  };

  const functions: Readonly<Record<string, (input: Input) => Promise<unknown>>> = {
    async SubmitTask({ name, image }) {
      const job = await callProvider('/api/v1/services/aigc/image2image/image-synthesis', {
        model: 'wan2.5-i2i-preview',
        input: { prompt: name, images: [image] },
        parameters: { n: 1, size: '768*768' },
      });
      return Submitted.parse(job).output.task_id;
    },
    async PollTask({ ticket }) {
      const { output } = Polled.parse(await callProvider(`/api/v1/tasks/${ticket}`));
      return { state: output.task_status, url: output.results?.[0]?.url };
    },
    async SaveResult({ name, progress }) {
      const image = await fetch(progress?.url ?? '');
      await writeFile(join(directory, `${name}.png`), await image.bytes());
    },
    async NotifyCaller({ name, callbackUrl }) {
      await fetch(callbackUrl, { method: 'POST', body: JSON.stringify({ name }) });
    },
  };

  return async (arn, payload) => {
    const [, run] = Object.entries(functions).find(([name]) => functionArn(name) === arn) ?? [];
    return { ok: true, payload: (await run?.(Input.parse(payload))) ?? null };
  };
}
