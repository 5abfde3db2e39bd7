import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import * as z from 'zod';

const root = fileURLToPath(new URL('..', import.meta.url));
const CdkJson = z.object({ context: z.record(z.string(), z.unknown()) });

/**
 * Synthesises the laptop's stage into a directory, as `cdk synth -c stage=local` would.
 * @throws {Error} with what the synthesis had to say, or the reason of the signal that ended it
 */
export async function synthesise(outdir: string, signal?: AbortSignal): Promise<void> {
  const { context } = CdkJson.parse(JSON.parse(readFileSync(`${root}cdk.json`, 'utf8')));
  const child = spawn(process.execPath, [`${root}infra/app.ts`], {
    cwd: root,
    env: {
      ...process.env,
      CDK_OUTDIR: outdir,
      // Half the time of a synthesis. The tests and every `cdk` command ask what AWS would say.
      CDK_VALIDATION: 'false',
      CDK_CONTEXT_JSON: JSON.stringify({ ...context, stage: 'local' }),
    },
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(signal && { signal }),
  });
  const said: Buffer[] = [];
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (part) => said.push(part));
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(`The synthesis failed.\n${Buffer.concat(said)}`);
}
