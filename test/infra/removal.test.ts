import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { type Synthesised, stageNames, synthesised } from './synthesised.ts';

// docs/removing.md lists the resources that stay when a stack is deleted, and the commands for them. This test compares
// the page with the templates.

const page = readFileSync('docs/removing.md', 'utf8');

/** The rows of the page's table: the type, and the names in the stack. */
const documented = [...page.matchAll(/^\| `(AWS::[\w:]+)` \| ((?:`\w+`(?:, )?)+) \|/gm)].flatMap(
  ([, type, names = '']) => [...names.matchAll(/\w+/g)].map(([name]) => `${type} ${name}`),
);

const retained = ({ resources }: Synthesised) =>
  resources
    .filter(({ DeletionPolicy = 'Delete' }) => DeletionPolicy !== 'Delete')
    .map(({ Type, name }) => `${Type} ${name}`);

describe('docs/removing.md', () => {
  test('lists exactly what CloudFormation leaves in prod', () => {
    expect(documented.length).toBeGreaterThan(0);
    expect(documented.toSorted()).toEqual(retained(synthesised('prod')).toSorted());
  });

  test.each(stageNames.filter((name) => name !== 'prod'))(
    'is right that in %s everything is deleted, also buckets with objects in them',
    (name) => {
      const stage = synthesised(name);
      const emptied = stage.resources.filter(({ Type }) => Type === 'Custom::S3AutoDeleteObjects');

      expect(retained(stage)).toEqual([]);
      expect(emptied).toHaveLength(
        stage.resources.filter(({ Type }) => Type === 'AWS::S3::Bucket').length,
      );
    },
  );

  test('is right that every log group is deleted with the stack, and that no function makes one of its own', () => {
    const { resources } = synthesised('prod');
    const functions = resources.filter(({ Type }) => Type === 'AWS::Lambda::Function');

    expect(functions.length).toBeGreaterThan(20);
    for (const { id, Properties } of functions) {
      expect(Properties['LoggingConfig'], id).toHaveProperty('LogGroup');
    }
  });

  test('has a command for every kind of resource that stays', () => {
    for (const command of [
      'aws dynamodb update-table --no-deletion-protection-enabled',
      'aws dynamodb delete-table',
      'aws s3 rb --force',
      'aws secretsmanager delete-secret',
      'update-termination-protection',
    ]) {
      expect(page).toContain(command);
    }
  });
});
