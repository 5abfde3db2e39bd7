import { cpSync, globSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as z from 'zod';

const Template = z.looseObject({
  Resources: z.record(
    z.string(),
    z.looseObject({ Type: z.string(), Properties: z.looseObject({}).optional() }),
  ),
});

/**
 * A copy of the synthesised stack with some functions switched off, as an operator does it; the
 * beginnings of their logical ids are enough. Whoever asks for it throws it away.
 */
export function switchedOff(synthesised: string, functions: readonly string[]): string {
  const outdir = mkdtempSync(join(tmpdir(), 'darkroom-off-'));
  cpSync(synthesised, outdir, { recursive: true });
  const [name = ''] = globSync('*.template.json', { cwd: outdir });
  const template = Template.parse(JSON.parse(readFileSync(join(outdir, name), 'utf8')));
  for (const wanted of functions) {
    const [, found] =
      Object.entries(template.Resources).find(
        ([id, { Type }]) => Type === 'AWS::Lambda::Function' && id.startsWith(wanted),
      ) ?? [];
    if (!found) throw new Error(`there is no function ${wanted}`);
    found.Properties = { ...found.Properties, ReservedConcurrentExecutions: 0 };
  }
  writeFileSync(join(outdir, name), JSON.stringify(template));
  return outdir;
}
