import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { logFiles } from '../../../local/aws/lambda/log-sink.ts';
import { temporaryDirectory } from './bundle.ts';

test('every function has its own file, and the lines of an earlier run stay', async () => {
  const directory = join(temporaryDirectory(), 'logs');
  for (const line of ['{"run":1}', 'run 2']) {
    const logs = logFiles(directory);
    logs.write('Work', line);
    logs.write('Reconcile', 'reconciled');
    await logs.close();
  }

  expect(readFileSync(join(directory, 'Work.log'), 'utf8')).toBe('{"run":1}\nrun 2\n');
  expect(readFileSync(join(directory, 'Reconcile.log'), 'utf8')).toBe('reconciled\nreconciled\n');
});
