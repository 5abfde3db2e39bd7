import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App } from 'aws-cdk-lib/core';
import cdk from '../../cdk.json' with { type: 'json' };
import { DarkroomStack } from '../../infra/stack.ts';
import { stageNamed } from '../../infra/stage.ts';
import { readTemplate, type Template } from '../../local/template/template.ts';

/** The template of the laptop's stage, without the code of its functions. */
export function synthesise(): Template {
  const outdir = mkdtempSync(join(tmpdir(), 'darkroom-template-'));
  try {
    const app = new App({
      outdir,
      context: { ...cdk.context, stage: 'local', 'aws:cdk:bundling-stacks': [] },
      builtinCloudFormationValidation: false, // it takes three times as long as the rest
    });
    new DarkroomStack(app, 'Darkroom-local', stageNamed('local'));
    app.synth();
    return readTemplate(outdir);
  } finally {
    rmSync(outdir, { recursive: true });
  }
}
