import { fileURLToPath } from 'node:url';
import { Runtime } from 'aws-cdk-lib/aws-lambda';
import { NodejsFunction } from 'aws-cdk-lib/aws-lambda-nodejs';
import { App, Stack } from 'aws-cdk-lib/core';
import cdk from '../cdk.json' with { type: 'json' };
import { entries } from '../functions/runtime/env.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

// Synthesises our functions as CDK builds them when nobody says how. A program of its own, since it
// has much to say while it does.
const outdir = process.argv[2] ?? 'cdk.out';
const app = new App({ outdir, context: cdk.context, builtinCloudFormationValidation: false });
const stack = new Stack(app, 'Default');
for (const entry of Object.keys(entries)) {
  new NodejsFunction(stack, entry.replaceAll(/\W/g, ''), {
    entry: `${root}functions/${entry}.ts`,
    depsLockFilePath: `${root}package-lock.json`,
    description: `functions/${entry}.ts`,
    runtime: Runtime.NODEJS_24_X,
  });
}
app.synth();
