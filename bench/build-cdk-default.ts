import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Runtime } from 'aws-cdk-lib/aws-lambda';
import { NodejsFunction } from 'aws-cdk-lib/aws-lambda-nodejs';
import { App, Stack } from 'aws-cdk-lib/core';
import cdk from '../cdk.json' with { type: 'json' };
import { loadRoutes } from '../functions/api/routes.ts';
import { type Entry, entries } from '../functions/runtime/env.ts';
import { sourceFile } from '../infra/bundles.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

// Builds the functions of Darkroom with the defaults of CDK. It is a program of its own, because the build
// prints a lot.
const outdir = process.argv[2] ?? 'cdk.out';
const app = new App({ outdir, context: cdk.context, builtinCloudFormationValidation: false });
const stack = new Stack(app, 'Default');
const routes = await loadRoutes();
// CDK only takes an entry file inside the project.
mkdirSync(`${root}.local`, { recursive: true });
const sources = mkdtempSync(`${root}.local/sources-`);
process.once('exit', () => rmSync(sources, { recursive: true, force: true }));
for (const entry of Object.keys(entries) as Entry[]) {
  new NodejsFunction(stack, entry.replaceAll(/\W/g, ''), {
    entry: sourceFile(sources, entry, routes),
    depsLockFilePath: `${root}package-lock.json`,
    description: entry,
    runtime: Runtime.NODEJS_24_X,
  });
}
app.synth();
