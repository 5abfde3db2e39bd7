import { describe, expect, inject, test } from 'vitest';
import { runPython } from './python.ts';

const emulator = inject('emulator');

describe.skipIf(!emulator)('the emulator', () => {
  test('does not start when it lacks a text that a patch replaces', async () => {
    const otherVersion = `
import runpy, sys
import ministack.core.lambda_runtime as lambda_runtime
lambda_runtime._NODEJS_WORKER_SCRIPT = "the script of another version"
runpy.run_path(sys.argv[1], run_name="__main__")
`;

    await expect(runPython(['-c', otherVersion, 'test/emulator/launch.py'])).rejects.toThrow(
      'the Node worker has 0 times',
    );
  });
});
