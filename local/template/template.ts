import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import * as z from 'zod';

/** One synthesised stack, read as data. */
export type Template = {
  readonly stackName: string;
  readonly parameters: Readonly<Record<string, z.infer<typeof Parameter>>>;
  readonly conditions: Readonly<Record<string, unknown>>;
  readonly resources: Readonly<Record<string, Resource>>;
  /** Directories of the assets by the object key they would be published under. */
  readonly assets: ReadonlyMap<string, string>;
};

type Resource = z.infer<typeof Resource>;

const Parameter = z.object({ Type: z.string(), Default: z.unknown() });

const Resource = z.object({
  Type: z.string(),
  Condition: z.string().optional(),
  Properties: z.record(z.string(), z.unknown()).default({}),
});

const TemplateFile = z.object({
  Parameters: z.record(z.string(), Parameter).default({}),
  Conditions: z.record(z.string(), z.unknown()).default({}),
  Resources: z.record(z.string(), Resource),
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
      source: z.object({ path: z.string() }),
      destinations: z.record(z.string(), z.object({ objectKey: z.string() })),
    }),
  ),
});

/** Reads a stack from the directory that `cdk synth` wrote; with one stack in it, its name may be left out. */
export function readTemplate(outdir: string, stackName?: string): Template {
  const { artifacts } = readJson(Manifest, join(outdir, 'manifest.json'));
  const { name, templateFile, dependencies } = pickStack(artifacts, outdir, stackName);
  const template = readJson(TemplateFile, join(outdir, templateFile));
  const assets = dependencies
    .map((id) => artifacts[id])
    .flatMap((found) => (found?.type === 'cdk:asset-manifest' ? [found.properties.file] : []))
    .flatMap((file) => (file ? assetsOf(outdir, file) : []));
  return {
    stackName: name,
    parameters: template.Parameters,
    conditions: template.Conditions,
    resources: template.Resources,
    assets: new Map(assets),
  };
}

function readJson<T>(schema: z.ZodType<T>, file: string): T {
  const parsed = schema.safeParse(JSON.parse(readFileSync(file, 'utf8')));
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
  const fitting = stacks.filter(
    ({ id, name }) => wanted === undefined || [id, name].includes(wanted),
  );
  const [stack] = fitting;
  if (stack && fitting.length === 1) return stack;
  const found = stacks.map(({ name }) => name).join(', ') || 'none';
  throw new Error(
    `${outdir} has not exactly one stack ${wanted ?? ''}; the stacks in it: ${found}`,
  );
}

function assetsOf(outdir: string, file: string): [objectKey: string, directory: string][] {
  const { files } = readJson(AssetFile, join(outdir, file));
  return Object.values(files).flatMap(({ source, destinations }) =>
    Object.values(destinations).map(({ objectKey }): [string, string] => [
      objectKey,
      resolve(outdir, source.path),
    ]),
  );
}
