import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import { Validations } from 'aws-cdk-lib/core';
import { AwsSolutionsChecks } from 'cdk-nag';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { type Stage, type StageName, stageNamed } from '../../infra/stage.ts';
import { newApp, newStack, stageNames } from './synthesised.ts';

// The first synthesis loads the rules of CloudFormation.
const options = { timeout: 60_000 };

const directories: string[] = [];

afterEach(() => {
  vi.unstubAllEnvs();
  for (const directory of directories.splice(0)) rmSync(directory, { recursive: true });
});

function appWith(stage: StageName | Stage) {
  const app = newApp({ isValidated: true });
  directories.push(app.outdir);
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
  return { app, stack: newStack(app, stage) };
}

describe.each(stageNames)('%s', options, (name) => {
  test('has no finding that is neither fixed nor acknowledged', () => {
    const { app } = appWith(name);

    expect(() => app.synth()).not.toThrow();
  });

  test('acknowledges no finding that the rules do not report', () => {
    const { stack } = appWith(name);
    // Called directly, the rules do not know what was acknowledged.
    const { violations } = new AwsSolutionsChecks().validateScope(stack);
    const acknowledged = stack.node.metadata
      .filter(({ type }) => type === Validations.ACKNOWLEDGED_RULES_METADATA_KEY)
      .flatMap(({ data }) => Object.entries<string>(data))
      // The findings of CDK's own rules are left out here.
      .filter(([id]) => id.startsWith('AwsSolutions'));

    const found = violations.map(({ ruleName }) => `AwsSolutions::${ruleName}`);
    expect(acknowledged).not.toEqual([]);
    expect(acknowledged.map(([id]) => id).sort()).toEqual(found.sort());
    for (const [, reason] of acknowledged) expect(reason).toMatch(/^[A-Z].{30,}\.$/);
  });
});

test('prod with the canary has no finding either', options, () => {
  const { app } = appWith({ ...stageNamed('prod'), canary: true });

  expect(() => app.synth()).not.toThrow();
});

test('the app that is deployed is checked by these rules', options, async () => {
  const outdir = mkdtempSync(join(tmpdir(), 'darkroom-nag-'));
  directories.push(outdir);
  vi.stubEnv('CDK_OUTDIR', outdir);
  vi.stubEnv('CDK_CONTEXT_JSON', JSON.stringify({ 'aws:cdk:bundling-stacks': [] }));
  await import('../../infra/app.ts');
  const report = JSON.parse(readFileSync(join(outdir, 'validation-report.json'), 'utf8'));

  expect(report.pluginReports).toContainEqual(
    expect.objectContaining({ pluginName: 'AwsSolutions', conclusion: 'success' }),
  );
});

test('a new finding stops the synthesis and says where it is', options, () => {
  const { app, stack } = appWith('dev');
  new Bucket(stack, 'Careless');

  expect(() => app.synth()).toThrow(/require requests to use SSL.*Careless.*AwsSolutions-S10/s);
});
