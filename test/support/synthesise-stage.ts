import { cpSync, globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { App } from 'aws-cdk-lib/core';
import * as z from 'zod';
import { loadRoutes } from '../../functions/api/routes.ts';
import { entries } from '../../functions/runtime/env.ts';
import { deploymentOf } from '../../infra/deployment.ts';
import { DarkroomStack } from '../../infra/stack.ts';
import type { Stage } from '../../infra/stage.ts';

const Template = z.object({
  Resources: z.record(
    z.string(),
    z.object({
      Properties: z
        .looseObject({
          Description: z.unknown().optional(),
          Code: z.looseObject({ S3Key: z.unknown().optional() }).optional(),
        })
        .optional(),
    }),
  ),
});

/**
 * Synthesises the local stage with a change, in a few seconds, because it takes the bundles of an earlier synthesis. The
 * caller deletes the directory that is returned.
 */
export async function synthesiseStage(
  synthesised: string,
  change: Partial<Stage>,
): Promise<string> {
  const outdir = mkdtempSync(join(tmpdir(), 'darkroom-changed-'));
  const bundles = mkdtempSync(join(tmpdir(), 'darkroom-bundles-'));
  const { CDK_VALIDATION: validation = 'true' } = process.env;
  try {
    // Validation takes half of the time, and the tests of the template do it.
    process.env['CDK_VALIDATION'] = 'false';
    copyBundles(synthesised, bundles);
    const { context } = z
      .object({ context: z.record(z.string(), z.unknown()) })
      .parse(JSON.parse(readFileSync('cdk.json', 'utf8')));
    const app = new App({ outdir, context: { ...context, 'aws:cdk:bundling-stacks': [] } });
    const { stackName, stage } = deploymentOf({ stage: 'local' });
    new DarkroomStack(app, stackName, {
      stage: { ...stage, ...change },
      routes: await loadRoutes(),
      bundles,
    });
    app.synth();
    return outdir;
  } finally {
    process.env['CDK_VALIDATION'] = validation;
    rmSync(bundles, { recursive: true });
  }
}

/** Copies the bundle of each function into its asset. The description of a function names its bundle. */
function copyBundles(synthesised: string, bundles: string): void {
  const [file = ''] = globSync('*.template.json', { cwd: synthesised });
  const { Resources } = Template.parse(JSON.parse(readFileSync(join(synthesised, file), 'utf8')));
  for (const { Properties } of Object.values(Resources)) {
    const entry = String(Properties?.Description);
    if (!Object.hasOwn(entries, entry)) continue;
    const asset = `asset.${basename(String(Properties?.Code?.S3Key), '.zip')}`;
    cpSync(join(synthesised, asset), join(bundles, entry), { recursive: true });
  }
}
