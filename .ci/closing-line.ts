import { readFileSync } from 'node:fs';
import * as z from 'zod';

// Says in one line how the tests ended, in words any reader of the log knows.

const Results = z.object({
  numPassedTests: z.number(),
  numFailedTests: z.number(),
  numPendingTests: z.number(),
});

const [file = ''] = process.argv.slice(2);
const { numPassedTests, numFailedTests, numPendingTests } = Results.parse(
  JSON.parse(readFileSync(file, 'utf8')),
);
process.stdout.write(
  `${numPassedTests} passed, ${numFailedTests} failed, ${numPendingTests} skipped\n`,
);
