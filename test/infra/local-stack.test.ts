import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, expect, onTestFinished, test } from 'vitest';
import * as z from 'zod';
import { permissionsOf } from '../../local/aws/iam/permissions.ts';
import { readStack } from '../../local/aws/template/read-stack.ts';
import { readTemplate } from '../../local/aws/template/template.ts';
import { stageNames, synthesised } from './synthesised.ts';

const Template = z.looseObject({
  Resources: z.record(
    z.string(),
    z.looseObject({ Type: z.string(), Properties: z.looseObject({}).optional() }),
  ),
});

/** Writes what `cdk synth` writes. The functions are not bundled here: each gets the same empty asset. */
function writeStack(stage: (typeof stageNames)[number]): string {
  const outdir = mkdtempSync(join(tmpdir(), 'darkroom-stage-'));
  onTestFinished(() => rmSync(outdir, { recursive: true }));
  const template = Template.parse(JSON.parse(synthesised(stage).json));
  for (const { Type, Properties } of Object.values(template.Resources)) {
    if (Type === 'AWS::Lambda::Function' && Properties) Properties['Code'] = { S3Key: 'code.zip' };
  }
  const write = (file: string, content: object) =>
    writeFileSync(join(outdir, file), JSON.stringify(content));
  write('stack.json', template);
  write('assets.json', {
    files: { code: { source: { path: '.' }, destinations: { here: { objectKey: 'code.zip' } } } },
  });
  write('manifest.json', {
    artifacts: {
      Stack: {
        type: 'aws:cloudformation:stack',
        dependencies: ['Assets'],
        properties: { templateFile: 'stack.json' },
      },
      Assets: { type: 'cdk:asset-manifest', properties: { file: 'assets.json' } },
    },
  });
  return outdir;
}

// The first synthesis takes longest.
beforeAll(() => void synthesised('local'));

test.each(stageNames)('the local stack knows everything in the template of %s', (stage) => {
  const template = readTemplate(writeStack(stage));
  const apis = Object.entries(template.resources).filter(
    ([, { Type }]) => Type === 'AWS::ApiGatewayV2::Api',
  );
  const attributes = Object.fromEntries(
    apis.map(([id]) => [id, { ApiEndpoint: 'http://127.0.0.1:3000' }]),
  );

  const stack = readStack({ template, attributes });

  expect(permissionsOf(stack.context).credentials()).toHaveLength(stack.functions.length);
  expect(stack.outputs['Url']).toBe('http://127.0.0.1:3000');
  for (const found of [
    stack.api.routes,
    stack.functions,
    stack.tables,
    stack.buckets,
    stack.secrets,
    stack.machines,
    stack.eventRules,
    stack.schedules,
  ]) {
    expect(found).not.toEqual([]);
  }
});
