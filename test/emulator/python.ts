import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { text } from 'node:stream/consumers';

/** The Python that has the emulator, when it is not the one in `PATH`. */
const { EMULATOR_PYTHON } = process.env;
export const python = EMULATOR_PYTHON === undefined ? 'python3' : resolve(EMULATOR_PYTHON);

const requirements = 'test/emulator/requirements.txt';
const checkVersions = `
import importlib.metadata, sys
for line in open(sys.argv[1]):
    name, found, wanted = line.strip().partition("==")
    if found and importlib.metadata.version(name) != wanted:
        sys.exit(1)
`;

/** Why the emulator cannot run here, or `undefined` when it can. It comes from PyPI, not from npm. */
export function reasonToSkip(): string | undefined {
  const { status } = spawnSync(python, ['-c', checkVersions, requirements]);
  return status === 0
    ? undefined
    : `${python} does not have the packages in ${requirements} (pip install -r, and EMULATOR_PYTHON=<the Python>)`;
}

/**
 * Runs Python with these arguments.
 * @param lines what it reads from its standard input
 * @returns what it printed
 * @throws {Error} with what it said when it fails
 */
export async function runPython(
  args: readonly string[],
  {
    lines = [],
    env = {},
  }: { lines?: readonly string[]; env?: Readonly<Record<string, string>> } = {},
): Promise<string> {
  const child = spawn(python, args, { env: { ...process.env, ...env } });
  child.stdin.end(lines.map((line) => `${line}\n`).join(''));
  const [printed, said, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close'),
  ]);
  if (code !== 0) throw new Error(`Python ended with ${code}.\n${said}`);
  return printed;
}
