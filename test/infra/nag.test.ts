import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import { Validations } from 'aws-cdk-lib/core';
import { AwsSolutionsChecks } from 'cdk-nag';
import { afterEach, describe, expect, test, vi } from 'vitest';
import type { StageName } from '../../infra/stage.ts';
import { newApp, newStack, stageNames } from './synthesised.ts';

// The first synthesis loads the rules of CloudFormation.
const patience = { timeout: 60_000 };

const made: string[] = [];

afterEach(() => {
  vi.unstubAllEnvs();
  for (const directory of made.splice(0)) rmSync(directory, { recursive: true });
});

function world(stage: StageName) {
  const app = newApp();
  made.push(app.outdir);
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
  return { app, stack: newStack(app, stage) };
}

describe.each(stageNames)('%s', patience, (name) => {
  test('has no finding that is neither mended nor acknowledged', () => {
    const { app } = world(name);

    expect(() => app.synth()).not.toThrow();
  });

  test('acknowledges nothing that is not found', () => {
    const { stack } = world(name);
    // Asked directly, the rules know nothing of what was acknowledged.
    const { violations } = new AwsSolutionsChecks().validateScope(stack);
    const acknowledged = stack.node.metadata
      .filter(({ type }) => type === Validations.ACKNOWLEDGED_RULES_METADATA_KEY)
      .flatMap(({ data }) => Object.entries<string>(data));

    const found = violations.map(({ ruleName }) => `AwsSolutions::${ruleName}`);
    expect(acknowledged.map(([id]) => id).sort()).toEqual(found.sort());
    for (const [, reason] of acknowledged) expect(reason).toMatch(/^[A-Z].{30,}\.$/);
  });
});

test('what is deployed is judged by these rules', patience, async () => {
  const outdir = mkdtempSync(join(tmpdir(), 'darkroom-nag-'));
  made.push(outdir);
  vi.stubEnv('CDK_OUTDIR', outdir);
  vi.stubEnv('CDK_CONTEXT_JSON', JSON.stringify({ 'aws:cdk:bundling-stacks': [] }));
  await import('../../infra/app.ts');
  const report = JSON.parse(readFileSync(join(outdir, 'validation-report.json'), 'utf8'));

  expect(report.pluginReports).toContainEqual(
    expect.objectContaining({ pluginName: 'AwsSolutions', conclusion: 'success' }),
  );
});

test('a new finding stops the synthesis, and says where it is', patience, () => {
  const { app, stack } = world('dev');
  new Bucket(stack, 'Careless');

  expect(() => app.synth()).toThrow(/require requests to use SSL.*Careless.*AwsSolutions-S10/s);
});
