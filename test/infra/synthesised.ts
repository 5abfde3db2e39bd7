import { readFileSync, rmSync } from 'node:fs';
import { App, CfnResource } from 'aws-cdk-lib/core';
import * as z from 'zod';
import { loadRoutes } from '../../functions/api/routes.ts';
import { Lambda } from '../../infra/lambda.ts';
import { DarkroomStack } from '../../infra/stack.ts';
import { type Stage, type StageName, stageNamed } from '../../infra/stage.ts';
import { isThorough } from '../support/thorough.ts';

const routes = await loadRoutes();

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

/** One resource of a template, with the name it has in our code. */
export type Found = z.output<typeof Resource> & { readonly id: string; readonly name: string };

export type Synthesised = {
  /** The template as it is uploaded. */
  readonly json: string;
  readonly template: z.output<typeof Template>;
  readonly resources: readonly Found[];
  /** The name in our code of a resource of the template: `Tasks` for `TablesTasksB0FA0D86`. */
  readonly nameOf: (logicalId: string) => string;
  /** Why a function serves several routes, by the name of the function. */
  readonly sharedBecause: ReadonlyMap<string, string>;
};

type AppOptions = {
  /**
   * Whether CDK checks the template by CloudFormation's rules, which takes three times as long as the rest. A thorough run
   * checks every one.
   */
  readonly isValidated?: boolean;
};

/** An app as the CDK CLI makes it, but without the bundles, because most tests read only the template. */
export function newApp({ isValidated = isThorough }: AppOptions = {}): App {
  const { context } = z
    .object({ context: z.record(z.string(), z.unknown()) })
    .parse(JSON.parse(readFileSync('cdk.json', 'utf8')));
  return new App({
    context: { ...context, 'aws:cdk:bundling-stacks': [] },
    builtinCloudFormationValidation: isValidated,
  });
}

// One name for all stages, so that their templates can be compared.
export const newStack = (app: App, stage: StageName | Stage, id = 'Darkroom') =>
  new DarkroomStack(app, id, {
    stage: typeof stage === 'string' ? stageNamed(stage) : stage,
    routes,
  });

export const stageNames = ['local', 'dev', 'prod'] as const satisfies StageName[];

const cache = new Map<StageName, Synthesised>();

/** The template of a stage, synthesised once for all tests. */
export function synthesised(stage: StageName): Synthesised {
  const cached = cache.get(stage);
  if (cached) return cached;
  const result = synthesise(stage);
  cache.set(stage, result);
  return result;
}

/** `prod` with the setting `canary`. */
export const withCanary = (): Synthesised => {
  canary ??= synthesise({ ...stageNamed('prod'), canary: true });
  return canary;
};
let canary: Synthesised | undefined;

export const ofType = ({ resources }: Synthesised, type: string): readonly Found[] =>
  resources.filter(({ Type }) => Type === type);

/** The properties of the resource with this type and name. @throws {Error} when there is none */
export function propertiesOf(stage: Synthesised, type: string, name: string) {
  const found = ofType(stage, type).find((resource) => resource.name === name);
  if (!found) throw new Error(`there is no ${type} ${name}`);
  return found.Properties;
}

function synthesise(stage: StageName | Stage): Synthesised {
  const app = newApp();
  // The local stack as `npm start` has it.
  const chosen = typeof stage === 'string' ? stageNamed(stage) : stage;
  const stack = newStack(app, { ...chosen, thumbnails: true });
  const { templateFullPath } = app.synth().getStackByName('Darkroom');
  const json = readFileSync(templateFullPath, 'utf8');
  rmSync(app.outdir, { recursive: true });
  const names = namesIn(stack);
  const nameOf = (logicalId: string) => names.get(logicalId) ?? logicalId;
  const template = Template.parse(JSON.parse(json));
  const resources = Object.entries(template.Resources).map(([id, resource]) => ({
    ...resource,
    id,
    name: nameOf(id),
  }));
  return { json, template, resources, nameOf, sharedBecause: reasonsIn(stack) };
}

const namesIn = (stack: DarkroomStack) =>
  new Map(
    stack.node
      .findAll()
      .filter((construct) => CfnResource.isCfnResource(construct))
      .map((resource) => [stack.getLogicalId(resource), nameAt(resource.node.path)]),
  );

const reasonsIn = (stack: DarkroomStack) =>
  new Map(
    stack.node
      .findAll()
      .flatMap((construct) =>
        construct instanceof Lambda && construct.sharedBecause
          ? [[construct.node.id, construct.sharedBecause] as const]
          : [],
      ),
  );

// The last part of the path that we chose, and not CDK.
function nameAt(path: string): string {
  const parts = path.split('/').filter((part) => part !== 'Resource' && part !== 'Default');
  return (parts.at(-1) ?? path).replace(/[0-9a-f]{32}$/, '');
}
