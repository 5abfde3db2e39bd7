import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Code } from 'aws-cdk-lib/aws-lambda';
import { buildSync } from 'esbuild';
import { type Entry, entries } from '../functions/runtime/env.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

// Credentials come from the environment in Lambda; these ways to get some are never taken there,
// and a bundle without them loads a third faster.
const neverLoaded = ['http', 'ini', 'login', 'process', 'sso', 'web-identity'].map(
  (way) => `@aws-sdk/credential-provider-${way}`,
);

/** The code of one Lambda, as a zip of its bundle. */
export function bundleOf(entry: Entry): Code {
  bundles ??= bundleAll();
  return Code.fromAsset(join(bundles, entry));
}

/** What is uploaded where nobody runs it: tests that only read the template save the bundling. */
export const placeholderCode = (): Code => Code.fromInline('export const handler = undefined;');

let bundles: string | undefined;

// All entries in one run, since most of what they are made of is the same.
function bundleAll(): string {
  const outdir = mkdtempSync(join(tmpdir(), 'darkroom-bundles-'));
  process.once('exit', () => rmSync(outdir, { recursive: true, force: true }));
  buildSync({
    absWorkingDir: root,
    entryPoints: Object.keys(entries).map((entry) => ({
      in: `functions/${entry}.ts`,
      out: `${entry}/index`,
    })),
    outdir,
    outExtension: { '.js': '.cjs' },
    bundle: true,
    minify: true,
    platform: 'node',
    // Importing `node:http` loads all it exports, and with that Node's whole `fetch`: a part of every
    // cold start that `require` does not take.
    format: 'cjs',
    target: 'node24',
    // Most packages' CommonJS half comes first by default and cannot be shaken.
    mainFields: ['module', 'main'],
    external: neverLoaded,
    legalComments: 'none',
    logLevel: 'warning',
  });
  return outdir;
}
