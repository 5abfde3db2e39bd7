import { readFileSync, rmSync } from 'node:fs';
import { App, CfnResource } from 'aws-cdk-lib/core';
import * as z from 'zod';
import { DarkroomStack } from '../../infra/stack.ts';
import { type StageName, stageNamed } from '../../infra/stage.ts';

const Resource = z.looseObject({
  Type: z.string(),
  Properties: z.record(z.string(), z.unknown()).default({}),
  DeletionPolicy: z.string().optional(),
});
const Template = z.looseObject({
  Parameters: z.record(z.string(), z.record(z.string(), z.unknown())),
  Resources: z.record(z.string(), Resource),
  Outputs: z.record(z.string(), z.object({ Value: z.unknown() })),
});

/** One resource of a template, under the name it has in our code. */
export type Found = z.output<typeof Resource> & { readonly id: string; readonly name: string };

export type Synthesised = {
  /** The template as it is uploaded. */
  readonly json: string;
  readonly template: z.output<typeof Template>;
  readonly resources: readonly Found[];
  /** The name in our code of a resource of the template: `Tasks` for `TablesTasksB0FA0D86`. */
  readonly nameOf: (logicalId: string) => string;
};

/** An app as the CLI makes it; without the bundles, since most questions are about the template. */
export function newApp(): App {
  const { context } = z
    .object({ context: z.record(z.string(), z.unknown()) })
    .parse(JSON.parse(readFileSync('cdk.json', 'utf8')));
  return new App({ context: { ...context, 'aws:cdk:bundling-stacks': [] } });
}

// One name for all stages, so that their templates can be compared.
export const newStack = (app: App, stage: StageName) =>
  new DarkroomStack(app, 'Darkroom', stageNamed(stage));

export const stageNames = ['local', 'dev', 'prod'] as const satisfies StageName[];

const kept = new Map<StageName, Synthesised>();

/** The template of a stage, synthesised once for all who ask. */
export function synthesised(stage: StageName): Synthesised {
  const known = kept.get(stage);
  if (known) return known;
  const made = synthesise(stage);
  kept.set(stage, made);
  return made;
}

export const ofType = ({ resources }: Synthesised, type: string): readonly Found[] =>
  resources.filter(({ Type }) => Type === type);

/** What the one resource of this type and name is like. @throws {Error} when there is none */
export function propertiesOf(stage: Synthesised, type: string, name: string) {
  const found = ofType(stage, type).find((resource) => resource.name === name);
  if (!found) throw new Error(`there is no ${type} ${name}`);
  return found.Properties;
}

function synthesise(stage: StageName): Synthesised {
  const app = newApp();
  const stack = newStack(app, stage);
  const { templateFullPath } = app.synth().getStackByName('Darkroom');
  const json = readFileSync(templateFullPath, 'utf8');
  rmSync(app.outdir, { recursive: true });
  const names = namesIn(stack);
  const nameOf = (logicalId: string) => names.get(logicalId) ?? logicalId;
  const template = Template.parse(JSON.parse(json));
  const resources = Object.entries(template.Resources).map(([id, resource]) => ({
    ...{ ...resource, id, name: nameOf(id) },
  }));
  return { json, template, resources, nameOf };
}

const namesIn = (stack: DarkroomStack) =>
  new Map(
    stack.node
      .findAll()
      .filter((construct) => CfnResource.isCfnResource(construct))
      .map((resource) => [stack.getLogicalId(resource), nameAt(resource.node.path)]),
  );

// The last word of the path that we, and not CDK, chose.
function nameAt(path: string): string {
  const words = path.split('/').filter((word) => word !== 'Resource' && word !== 'Default');
  return (words.at(-1) ?? path).replace(/[0-9a-f]{32}$/, '');
}
