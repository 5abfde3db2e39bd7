import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import type { Invoke } from '../local/lambda/invoke-answer.ts';
import { functionArn } from './naive-machine.ts';

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

/** What the naive machine runs: as little as its states can do, speaking to the same provider. */
export function naiveFunctions(painterUrl: string, directory: string): Invoke {
  const ask = async (path: string, body?: object): Promise<unknown> => {
    const init = body ? { method: 'POST', body: JSON.stringify(body) } : {};
    const response = await fetch(new URL(path, painterUrl), { headers, ...init });
    if (!response.ok) throw new Error(`${path} answered ${response.status}`);
    return response.json();
  };

  const functions: Readonly<Record<string, (input: Input) => Promise<unknown>>> = {
    async SubmitTask({ name, image }) {
      const answer = await ask('/api/v1/services/aigc/image2image/image-synthesis', {
        model: 'wan2.5-i2i-preview',
        input: { prompt: name, images: [image] },
        parameters: { n: 1, size: '768*768' },
      });
      return Submitted.parse(answer).output.task_id;
    },
    async PollTask({ ticket }) {
      const { output } = Polled.parse(await ask(`/api/v1/tasks/${ticket}`));
      return { state: output.task_status, url: output.results?.[0]?.url };
    },
    async SaveResult({ name, progress }) {
      const picture = await fetch(progress?.url ?? '');
      await writeFile(join(directory, `${name}.png`), await picture.bytes());
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
