import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { logFiles } from '../../local/lambda/log-sink.ts';
import { temporaryDirectory } from './bundle.ts';

test('every function has its own file, and an earlier run’s lines stay', async () => {
  const directory = join(temporaryDirectory(), 'logs');
  for (const line of ['{"run":1}', 'run 2']) {
    const logs = logFiles(directory);
    logs.write('Paint', line);
    logs.write('Sweep', 'swept');
    await logs.close();
  }

  expect(readFileSync(join(directory, 'Paint.log'), 'utf8')).toBe('{"run":1}\nrun 2\n');
  expect(readFileSync(join(directory, 'Sweep.log'), 'utf8')).toBe('swept\nswept\n');
});
