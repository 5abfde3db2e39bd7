import { join } from 'node:path';
import { Code } from 'aws-cdk-lib/aws-lambda';
import type { CodeOf } from './lambda.ts';

/** The code of the functions from the directory that `buildBundles` has made. */
export const bundledCode =
  (directory: string): CodeOf =>
  (entry) =>
    Code.fromAsset(join(directory, entry));

/** Code that never runs, for a template that is only read. */
export const placeholderCode: CodeOf = () => Code.fromInline('export const handler = undefined;');
