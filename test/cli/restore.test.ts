import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { tableNames } from '../../functions/domain/model/storage-names.ts';
import { temporaryDirectory } from './cli-context.ts';
import { runScript, script } from './run-script.ts';

// The errors of `npm run restore` before it reaches AWS. Its work in AWS is tested in test/contract/restore.test.ts and
// test/faults/restore.test.ts.

const moment = ['--to', '2026-12-01T09:30:00Z'];

async function restore(...args: readonly string[]) {
  const cwd = await temporaryDirectory();
  await writeFile(join(cwd, 'older.json'), '{"Darkroom-prod":{"Url":"https://a","FirstKey":"b"}}');
  await writeFile(join(cwd, 'other.json'), '{"moment":"now"}');
  return runScript(script('restore.ts'), args, { cwd });
}

test.each<[args: readonly string[], code: number, message: string]>([
  [['tables', ...moment], 2, "required option '--outputs <file>' not specified"],
  [['tables', '--outputs', 'older.json'], 2, "required option '--to <moment>' not specified"],
  [['tables', '--outputs', 'older.json', '--to', 'yesterday'], 2, 'It must be a moment in UTC'],
  [['tables', '--outputs', 'older.json', '--to', '2026-12-01 09:30'], 2, 'It must be a moment'],
  [['tables', '--outputs', 'older.json', '--to', '2026-13-01T00:00:00Z'], 2, 'It must be a moment'],
  [['tables', '--outputs', 'none.json', ...moment], 1, 'Cannot read none.json'],
  [
    ['tables', '--outputs', 'older.json', ...moment],
    1,
    'do not name its tables: deploy this version',
  ],
  [['audit'], 1, 'Cannot read the plan restore.json: no such file'],
  [['tasks', '--plan', 'other.json'], 1, 'other.json is no plan of a restore'],
  [['executions', '--stop', '--plan', 'other.json'], 1, 'other.json is no plan of a restore'],
])('%j is refused before any request to AWS', async (args, expected, message) => {
  const { code, stdout, stderr } = await restore(...args);

  expect({ code, stdout }).toEqual({ code: expected, stdout: '' });
  expect(stderr).toContain(message);
});

test('every step is in the help', async () => {
  const { code, stdout } = await restore('--help');

  expect(code).toBe(0);
  for (const step of ['tables', 'audit', 'tasks', 'changes', 'executions', 'open']) {
    expect(stdout).toMatch(new RegExp(`^  ${step} `, 'm'));
  }
});

test('requests to AWS go to the region of the stack, whatever the region of the shell is', async () => {
  const cwd = await temporaryDirectory();
  const scopes = new Set<string | undefined>();
  const server = createServer((request, response) => {
    scopes.add(/Credential=id\/\d+\/([^,]+)/.exec(request.headers.authorization ?? '')?.[1]);
    response.writeHead(400).end('{"__type":"ResourceNotFoundException"}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const bound = server.address();
  const outputs = {
    Url: 'https://a',
    FirstKey: 'b',
    TableNames: JSON.stringify(Object.fromEntries(tableNames.map((name) => [name, `D-${name}`]))),
    StateMachine: 'arn:aws:states:eu-central-1:111122223333:stateMachine:Machine',
    Reconciler: 'Reconcile',
  };
  await writeFile(join(cwd, 'outputs.json'), JSON.stringify({ 'Darkroom-prod': outputs }));

  const args = ['tables', '--outputs', 'outputs.json', ...moment];
  const { code, stderr } = await runScript(script('restore.ts'), args, {
    cwd,
    env: {
      AWS_ENDPOINT_URL_DYNAMODB: `http://127.0.0.1:${typeof bound === 'object' ? bound?.port : bound}`,
      AWS_REGION: 'us-east-1',
      AWS_ACCESS_KEY_ID: 'id',
      AWS_SECRET_ACCESS_KEY: 'secret',
    },
  });

  expect([code, stderr]).toEqual([1, expect.stringContaining('Tasks (D-Tasks) does not exist')]);
  expect([...scopes]).toEqual(['eu-central-1/dynamodb/aws4_request']);
});
