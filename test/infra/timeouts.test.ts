import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { loadRoutes } from '../../functions/api/routes.ts';
import { gatewayMs } from '../../functions/domain/model/deadlines.ts';
import { type Entry, entries } from '../../functions/runtime/env.ts';
import { sourceFile } from '../../infra/bundles.ts';
import { type Deadlines, deadlines, timeouts, timeoutsOf } from '../../infra/timeouts.ts';
import { ofType, stageNames, synthesised } from './synthesised.ts';

const everyEntry = Object.keys(entries) as Entry[];
const temporary = mkdtempSync(join(tmpdir(), 'darkroom-test-'));
afterAll(() => rmSync(temporary, { recursive: true }));

/** Code that comes with the folder of a provider: its client verifies no webhooks, and its verifier has no client. */
const neverRun: Readonly<Partial<Record<Entry, string>>> = {
  'api/list-providers': 'webhookKeysMs',
  'api/provider-webhook': 'providerDeadlineMs',
  'workflow/poll-task': 'webhookKeysMs',
  'workflow/submit-task': 'webhookKeysMs',
};

/** The deadlines of the requests that the code of each function makes, by the names of their constants. */
const contained = new Map<Entry, readonly string[]>();

beforeAll(async () => {
  const routes = await loadRoutes();
  // Not minified, so that the constants still have their names; what a function cannot reach is left out.
  const { outputFiles } = await build({
    entryPoints: everyEntry.map((entry) => ({
      in: sourceFile(temporary, entry, routes),
      out: entry,
    })),
    outdir: temporary,
    write: false,
    bundle: true,
    platform: 'node',
    packages: 'external',
  });
  for (const entry of everyEntry) {
    const text = outputFiles.find(({ path }) => path === join(temporary, `${entry}.js`))?.text;
    if (text === undefined) throw new Error(`${entry} was not built`);
    const found = text.matchAll(/\bdeadlineMs(?::| =) ([A-Za-z]+Ms)\d*\b/g);
    const names = new Set([...found].map(([, name = '']) => name));
    const unused = neverRun[entry];
    if (unused !== undefined && !names.delete(unused)) {
      throw new Error(`${entry} does not contain ${unused} any more`);
    }
    contained.set(entry, [...names].sort());
  }
}, 60_000);

test('the functions that make requests to strangers, and their deadlines, are these', () => {
  const found = Object.fromEntries([...contained].filter(([, names]) => names.length > 0));

  expect(found).toEqual({
    'api/list-providers': ['providerDeadlineMs'],
    'api/provider-webhook': ['webhookKeysMs'],
    'api/test-webhook': ['attemptTimeoutMs'],
    'api/upload-file': ['pictureDownloadMs'],
    'workflow/notify-caller': ['attemptTimeoutMs'],
    'workflow/poll-task': ['attemptTimeoutMs', 'providerDeadlineMs', 'resultDownloadMs'],
    'workflow/prepare-inputs': ['pictureDownloadMs'],
    'workflow/settle-task': ['resultDownloadMs'],
    'workflow/submit-task': ['providerDeadlineMs'],
    'events/canary': ['gatewayMs'],
  });
});

test('a function outlasts every request that it makes to strangers, and runs as much longer as its deadline gets later', () => {
  const lateMs = 7000;
  const secondsOf = (given: Deadlines, entry: Entry): number | undefined =>
    ({ ...timeoutsOf(given) })[entry as keyof typeof timeouts];
  for (const [entry, names] of contained) {
    for (const name of names) {
      const deadlineMs = deadlines[name as keyof Deadlines];
      const later = { ...deadlines, [name]: deadlineMs + lateMs };
      const now = secondsOf(deadlines, entry) ?? 0;

      expect([entry, name, now * 1000 > deadlineMs]).toEqual([entry, name, true]);
      expect([entry, name, (secondsOf(later, entry) ?? 0) - now >= lateMs / 1000]).toEqual([
        entry,
        name,
        true,
      ]);
    }
  }
});

describe.each(stageNames)('in %s', (name) => {
  const functions = ofType(synthesised(name), 'AWS::Lambda::Function').map(
    ({ Properties }) => [String(Properties['Description']), Number(Properties['Timeout'])] as const,
  );
  const deployed = new Map(functions);

  test('every function has the timeout that is computed for it', () => {
    // The canary is in no stage (`canary.test.ts`).
    const { 'events/canary': _canary, ...computed } = timeouts;

    expect(Object.keys(computed)).not.toEqual([]);
    for (const [entry, seconds] of Object.entries(computed)) {
      expect([entry, deployed.get(entry)]).toEqual([entry, seconds]);
    }
  });

  test('the gateway outlasts every function of a route', () => {
    const ofRoutes = functions.filter(([entry]) => entry.startsWith('api/'));

    expect(ofRoutes).not.toEqual([]);
    expect(ofRoutes.filter(([, seconds]) => seconds * 1000 >= gatewayMs)).toEqual([]);
  });
});
