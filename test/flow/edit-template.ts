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
type Resources = z.infer<typeof Template>['Resources'];

/** Copies the synthesised stack and edits the template of the copy. The caller deletes the copy. */
export function editTemplate(synthesised: string, edit: (resources: Resources) => void): string {
  const outdir = mkdtempSync(join(tmpdir(), 'darkroom-edited-'));
  cpSync(synthesised, outdir, { recursive: true });
  const [name = ''] = globSync('*.template.json', { cwd: outdir });
  const file = join(outdir, name);
  const template = Template.parse(JSON.parse(readFileSync(file, 'utf8')));
  edit(template.Resources);
  writeFileSync(file, JSON.stringify(template));
  return outdir;
}

/**
 * Copies the synthesised stack with some functions disabled, the way an operator does it: reserved
 * concurrency 0. A function is named by the beginning of its logical id.
 */
export const disableFunctions = (synthesised: string, names: readonly string[]): string =>
  editTemplate(synthesised, (resources) => {
    for (const name of names) {
      const [, found] =
        Object.entries(resources).find(
          ([id, { Type }]) => Type === 'AWS::Lambda::Function' && id.startsWith(name),
        ) ?? [];
      if (!found) throw new Error(`there is no function ${name}`);
      found.Properties = { ...found.Properties, ReservedConcurrentExecutions: 0 };
    }
  });
