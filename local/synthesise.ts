import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as z from 'zod';
import { cachedSynthesis } from './aws/synthesis-cache.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const CdkJson = z.object({ context: z.record(z.string(), z.unknown()) });

/** The files that a synthesis reads: the app, the code that it bundles, and the versions of both. */
export const synthesisSources = [
  'infra/**/*.ts',
  'functions/**/*.ts',
  'console/**/*.*',
  'docs/openapi.json',
  // The console shows these texts.
  'README.md',
  'docs/{calling,errors,runbook}.md',
  'cdk.json',
  'package.json',
  'package-lock.json',
  'tsconfig.json',
  'local/synthesise.ts',
];

type CachedOptions = Pick<SynthesisOptions, 'stage' | 'thumbnails' | 'signal'> & {
  /** Holds the synthesis afterwards. */
  readonly outdir: string;
  /** A directory that holds syntheses of this stage. Everything in it may be deleted at any time. */
  readonly cache: string;
  /** Called before a synthesis, which takes some seconds. */
  readonly onBegin?: () => void;
};

/**
 * Synthesises a stage, unless `outdir` or the cache already holds the synthesis of these sources.
 * @throws what {@link synthesise} throws; then `outdir` and the cache are as they were
 */
export async function synthesiseIfChanged({
  outdir,
  cache,
  onBegin,
  ...options
}: CachedOptions): Promise<void> {
  await cachedSynthesis({
    outdir,
    cache,
    project: root,
    sources: synthesisSources,
    ...(options.thumbnails && { variant: 'thumbnails' }),
    synthesise: (directory) => {
      onBegin?.();
      return synthesise(directory, options);
    },
  });
}

type SynthesisOptions = {
  /** The context `stage`: the local stack's own, unless it is given. */
  readonly stage?: string;
  /** Whether it makes thumbnails: as the stage has it, unless it is given. */
  readonly thumbnails?: boolean;
  /** A settings file; without it there are no settings. */
  readonly config?: string;
  readonly signal?: AbortSignal;
};

/**
 * Synthesises a stage into a directory, as `cdk synth -c stage=…` does.
 * @throws {Error} with the output of the failed synthesis, or with the signal's reason when it was aborted
 */
export async function synthesise(
  outdir: string,
  { stage = 'local', thumbnails, config = '', signal }: SynthesisOptions = {},
): Promise<void> {
  signal?.throwIfAborted();
  const { context } = CdkJson.parse(JSON.parse(readFileSync(`${root}cdk.json`, 'utf8')));
  // A synthesis that is killed leaves its temporary files behind.
  const temporary = mkdtempSync(join(tmpdir(), 'darkroom-synthesis-'));
  const child = spawn(process.execPath, [`${root}infra/app.ts`], {
    cwd: root,
    env: {
      ...process.env,
      TMPDIR: temporary,
      CDK_OUTDIR: outdir,
      // Validation takes half the time of a synthesis. The tests and every `cdk` command do it.
      CDK_VALIDATION: 'false',
      // Overrides the settings of a deployment in this folder.
      CDK_CONTEXT_JSON: JSON.stringify({
        ...context,
        stage,
        config,
        ...(thumbnails !== undefined && { thumbnails: thumbnails ? 'on' : 'off' }),
      }),
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const kill = () => child.kill('SIGKILL');
  signal?.addEventListener('abort', kill);
  // A second Ctrl-C ends this process without waiting for the child.
  process.once('exit', kill);
  const output: Buffer[] = [];
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (part) => output.push(part));
  try {
    const [code] = await once(child, 'close');
    signal?.throwIfAborted();
    if (code !== 0) throw new Error(`The synthesis failed.\n${Buffer.concat(output)}`);
  } finally {
    signal?.removeEventListener('abort', kill);
    process.off('exit', kill);
    rmSync(temporary, { recursive: true, force: true });
  }
}
