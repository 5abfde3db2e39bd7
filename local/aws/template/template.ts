import { join, resolve } from 'node:path';
import * as z from 'zod';
import { readJsonFile } from '../json-file.ts';

/** One synthesised stack. */
export type Template = {
  readonly stackName: string;
  readonly parameters: Readonly<Record<string, z.infer<typeof Parameter>>>;
  readonly mappings?: z.infer<typeof Mappings>;
  readonly conditions: Readonly<Record<string, unknown>>;
  readonly resources: Readonly<Record<string, Resource>>;
  readonly outputs?: Readonly<Record<string, z.infer<typeof Output>>>;
  /** The directories of the assets. The key is the object key under which CDK would publish one. */
  readonly assets: ReadonlyMap<string, string>;
};

type Resource = z.infer<typeof Resource>;

const bound = z.union([z.string(), z.number()]).optional();

const Parameter = z.strictObject({
  Type: z
    .string()
    .regex(/^(String|Number|AWS::SSM::.*)$/, 'the local stack knows texts and numbers only'),
  Default: z.unknown().optional(),
  AllowedPattern: z.string().optional(),
  AllowedValues: z.array(z.union([z.string(), z.number()])).optional(),
  MinLength: bound,
  MaxLength: bound,
  MinValue: bound,
  MaxValue: bound,
  // These three are for people.
  ConstraintDescription: z.string().optional(),
  Description: z.string().optional(),
  NoEcho: z.unknown().optional(),
});

// Strict, as everything in a template: what is not known here must not be ignored.
const Resource = z.strictObject({
  Type: z.string(),
  Condition: z.string().optional(),
  Properties: z.record(z.string(), z.unknown()).default({}),
  // These concern deployments and deletions, which do not exist here.
  DependsOn: z.unknown().optional(),
  DeletionPolicy: z.unknown().optional(),
  UpdateReplacePolicy: z.unknown().optional(),
  Metadata: z.unknown().optional(),
});

const Mappings = z.record(z.string(), z.record(z.string(), z.record(z.string(), z.unknown())));

const Output = z.strictObject({
  Value: z.unknown(),
  Condition: z.string().optional(),
  Description: z.string().optional(),
  // For imports by other stacks, which do not exist here.
  Export: z.unknown().optional(),
});

const TemplateFile = z.strictObject({
  AWSTemplateFormatVersion: z.literal('2010-09-09').optional(),
  Description: z.string().optional(),
  Metadata: z.unknown().optional(),
  Parameters: z.record(z.string(), Parameter).default({}),
  Mappings: Mappings.default({}),
  Conditions: z.record(z.string(), z.unknown()).default({}),
  Resources: z.record(z.string(), Resource),
  Outputs: z.record(z.string(), Output).default({}),
  // Only CDK's own rule about the target account is allowed, since no rule is checked here.
  Rules: z.strictObject({ CheckBootstrapVersion: z.unknown() }).optional(),
});

const Artifact = z.object({
  type: z.string(),
  dependencies: z.array(z.string()).default([]),
  properties: z
    .object({
      stackName: z.string().optional(),
      templateFile: z.string().optional(),
      file: z.string().optional(),
    })
    .default({}),
});

const Manifest = z.object({ artifacts: z.record(z.string(), Artifact) });

const AssetFile = z.object({
  files: z.record(
    z.string(),
    z.object({
      source: z.object({ path: z.string(), packaging: z.enum(['file', 'zip']).default('zip') }),
      destinations: z.record(z.string(), z.object({ objectKey: z.string() })),
    }),
  ),
});

/** Reads a stack from the directory that `cdk synth` wrote. Only with several stacks is a name needed. */
export function readTemplate(outdir: string, stackName?: string): Template {
  const { artifacts } = readAs(Manifest, join(outdir, 'manifest.json'));
  const { name, templateFile, dependencies } = pickStack(artifacts, outdir, stackName);
  const template = readAs(TemplateFile, join(outdir, templateFile));
  const assets = dependencies
    .map((id) => artifacts[id])
    .flatMap((found) => (found?.type === 'cdk:asset-manifest' ? [found.properties.file] : []))
    .flatMap((file) => (file ? assetsOf(outdir, file) : []));
  return {
    stackName: name,
    parameters: template.Parameters,
    mappings: template.Mappings,
    conditions: template.Conditions,
    resources: template.Resources,
    outputs: template.Outputs,
    assets: new Map(assets),
  };
}

function readAs<T>(schema: z.ZodType<T>, file: string): T {
  const parsed = schema.safeParse(readJsonFile(z.unknown(), file));
  if (parsed.success) return parsed.data;
  throw new Error(`${file} is not as expected: ${z.prettifyError(parsed.error)}`);
}

type Artifacts = z.infer<typeof Manifest>['artifacts'];

function pickStack(artifacts: Artifacts, outdir: string, wanted: string | undefined) {
  const stacks = Object.entries(artifacts).flatMap(([id, { type, dependencies, properties }]) => {
    const { stackName: name = id, templateFile } = properties;
    if (type !== 'aws:cloudformation:stack' || templateFile === undefined) return [];
    return [{ id, name, templateFile, dependencies }];
  });
  const matching = stacks.filter(
    ({ id, name }) => wanted === undefined || [id, name].includes(wanted),
  );
  const [stack] = matching;
  if (stack && matching.length === 1) return stack;
  const found = stacks.map(({ name }) => name).join(', ') || 'none';
  throw new Error(
    `${outdir} has not exactly one stack ${wanted ?? ''}; the stacks in it: ${found}`,
  );
}

function assetsOf(outdir: string, file: string): [objectKey: string, directory: string][] {
  const { files } = readAs(AssetFile, join(outdir, file));
  // The template itself is an asset, too. It is a file; the bundles are directories.
  return Object.values(files)
    .filter(({ source }) => source.packaging === 'zip')
    .flatMap(({ source, destinations }) =>
      Object.values(destinations).map(({ objectKey }): [string, string] => [
        objectKey,
        resolve(outdir, source.path),
      ]),
    );
}
