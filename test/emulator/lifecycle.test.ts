import {
  cpSync,
  globSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import {
  GetFunctionConfigurationCommand,
  InvokeCommand,
  LambdaClient,
} from '@aws-sdk/client-lambda';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import * as z from 'zod';
import { runScript, script } from '../cli/run-script.ts';
import type { Body } from '../flow/open-stack.ts';
import { type Receiver, serveImages } from '../flow/receiver.ts';
import { clientOptions, type Deployment, deploy, waitFor } from './deployment.ts';

// The life of a deployment, in an emulator that we did not write: the doctor examines it, the next version is deployed
// over it while tasks are under way, and it is destroyed.

const emulator = inject('emulator');
const day = 24 * 60 * 60;

describe.skipIf(!emulator)('a deployment of the stage dev in the emulator', () => {
  let deployment: Deployment;
  let images: Receiver;
  let lambda: LambdaClient;

  beforeAll(async () => {
    if (!emulator) return;
    images = await serveImages({ '/sample.jpg': readFileSync('cli/sample.jpg') });
    deployment = await deploy(emulator);
    lambda = new LambdaClient(clientOptions(deployment.emulator.environment));
  });
  afterAll(async () => {
    lambda?.destroy();
    await deployment?.close();
    await images?.close();
  });

  test('passes the doctor, which warns that the alarms have no receiver', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'darkroom-doctor-'));
    const outputs = join(directory, 'outputs.json');
    writeFileSync(outputs, JSON.stringify({ 'Darkroom-dev': deployment.outputs }));
    await lambda.send(
      new InvokeCommand({
        FunctionName: deployment.physicalId('TriggersReconcile'),
        Payload: '{}',
      }),
    );

    const { code, stdout, stderr } = await runScript(
      script('darkroom.js'),
      ['doctor', '--json', '--spend', '--listen', '--aws', '--outputs', outputs],
      {
        cwd: directory,
        env: {
          ...deployment.emulator.environment,
          PATH: dirname(process.execPath),
          NODE_OPTIONS: `--import ${new URL('resolve-localhost.ts', import.meta.url)}`,
          DARKROOM_KEY: deployment.keys.first,
          DARKROOM_ADMIN_KEY: deployment.keys.admin,
          DARKROOM_WEBHOOK_SECRET: deployment.webhookSecret,
        },
      },
    );
    rmSync(directory, { recursive: true });

    expect(stderr).toBe('');
    const findings = z
      .array(z.looseObject({ step: z.string(), state: z.string() }))
      .parse(JSON.parse(stdout));
    expect(
      findings.filter(({ state }) => state !== 'ok').map((one) => [one.step, one.state]),
    ).toEqual([
      ['sandbox', 'skipped'],
      ['canary', 'skipped'],
      ['alarms', 'warn'],
    ]);
    expect(findings.length).toBeGreaterThan(12);
    expect(code).toBe(0);
  }, 240_000);

  test('is updated with other code and another parameter while tasks are under way and wait, and loses none', async () => {
    const { create, call, endedTask } = deployment.first;
    // The template's own capacity of DashScope: five jobs run, and one waits there.
    const slots = 6;
    deployment.mockProvider.control({
      durations: Array(slots).fill(60),
      capacity: { evolink: { running: 0, queued: 0 } },
    });
    const body = {
      prompt: 'Make it snow',
      size: '768x768',
      image_urls: [`${images.url}/sample.jpg`],
    };
    const created = await Promise.all(Array.from({ length: slots + 2 }, () => create(body)));
    const ids: readonly string[] = created.map((one) => one.body.id);
    const statuses = () =>
      Promise.all(ids.map(async (id) => (await call('GET', `/v1/tasks/${id}`)).body.status));
    await waitFor(
      statuses,
      (all) => all.filter((status) => status === 'processing').length === slots,
    );
    const before = await codeOfCreate();
    const next = nextVersion(emulator?.outdir ?? '');

    await deployment.update(next, { RetentionDays: '40' }).finally(() => {
      rmSync(next, { recursive: true });
    });

    const during = await statuses();
    deployment.mockProvider.control({ capacity: { evolink: 'unlimited' } });
    const tasks: readonly Body[] = await Promise.all(ids.map((id) => endedTask(id)));
    expect(during.filter((status) => status === 'pending')).toHaveLength(2);
    expect(during.filter((status) => status === 'processing').length).toBeGreaterThan(0);
    expect(tasks.map(({ status }) => status)).toEqual(ids.map(() => 'completed'));
    expect(tasks.map(({ expires_at, completed_at }) => (expires_at - completed_at) / day)).toEqual(
      ids.map(() => 40),
    );
    expect(await codeOfCreate()).not.toBe(before);
  }, 400_000);

  test('leaves nothing behind when it is destroyed, as the runbook says of dev', async () => {
    const { before, left } = await deployment.destroy();

    expect(new Set(before.map((one) => one.split(':')[0])).size).toBeGreaterThan(8);
    expect(before.length).toBeGreaterThan(100);
    expect(left).toEqual([]);
  }, 400_000);

  const codeOfCreate = async () => {
    const FunctionName = deployment.physicalId('RoutesCreateTask');
    const { CodeSha256 } = await lambda.send(new GetFunctionConfigurationCommand({ FunctionName }));
    return CodeSha256;
  };
});

/** Copies the synthesised stack with other code in every function, like another version. The caller deletes the copy. */
function nextVersion(synthesised: string): string {
  const outdir = mkdtempSync(join(tmpdir(), 'darkroom-next-'));
  cpSync(synthesised, outdir, { recursive: true });
  const files = globSync('Darkroom-dev.{template,assets}.json', { cwd: outdir });
  for (const bundle of globSync('asset.*/index.cjs', { cwd: outdir })) {
    const path = join(outdir, bundle);
    writeFileSync(path, `// The next version.\n${readFileSync(path, 'utf8')}`);
    // The name of an asset is the digest of its content.
    const name = dirname(bundle);
    const hash = name.replace('asset.', '');
    const other = hash.split('').reverse().join('');
    renameSync(join(outdir, name), join(outdir, `asset.${other}`));
    for (const file of files.map((one) => join(outdir, one))) {
      writeFileSync(file, readFileSync(file, 'utf8').replaceAll(hash, other));
    }
  }
  return outdir;
}
