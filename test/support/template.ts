import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App } from 'aws-cdk-lib/core';
import cdk from '../../cdk.json' with { type: 'json' };
import { loadRoutes } from '../../functions/api/routes.ts';
import { DarkroomStack } from '../../infra/stack.ts';
import { stageNamed } from '../../infra/stage.ts';
import { readTemplate, type Template } from '../../local/aws/template/template.ts';

const routes = await loadRoutes();

/** Synthesises the template of the stage `local`, without bundling the functions. */
export function synthesiseTemplate(): Template {
  const outdir = mkdtempSync(join(tmpdir(), 'darkroom-template-'));
  try {
    const app = new App({
      outdir,
      context: { ...cdk.context, stage: 'local', 'aws:cdk:bundling-stacks': [] },
      builtinCloudFormationValidation: false, // it takes three times as long as the rest
    });
    new DarkroomStack(app, 'Darkroom-local', { stage: stageNamed('local'), routes });
    app.synth();
    return readTemplate(outdir);
  } finally {
    rmSync(outdir, { recursive: true });
  }
}
