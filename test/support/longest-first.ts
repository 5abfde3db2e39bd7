import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** The files that take minutes, the longest first. */
const longest = [
  'test/emulator/contract.test.ts',
  'test/fuzz/flow/schemathesis.test.ts',
  'test/contract/dynamodb.test.ts',
  'test/emulator/lifecycle.test.ts',
  'test/contract/dynamodb-local.test.ts',
  'test/faults/crash-points.test.ts',
  'test/faults/recovery.test.ts',
  'test/faults/submitted-tasks.test.ts',
  'test/faults/queue.test.ts',
  'test/browser/operator.test.ts',
  'test/faults/alarms.test.ts',
];

/**
 * Starts the files that take minutes before all others, so that at the end no worker waits for a long file that began
 * last. Vitest orders the other files by their earlier durations, which a new checkout does not have.
 */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    return sorted.toSorted((a, b) => rankOf(a) - rankOf(b));
  }
}

function rankOf({ moduleId }: TestSpecification): number {
  const rank = longest.findIndex((file) => moduleId.endsWith(file));
  return rank === -1 ? longest.length : rank;
}
