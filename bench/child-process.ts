import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** Starts a file of this folder as a process of its own. */
export const startChild = (
  file: string,
  args: readonly string[] = [],
  env: NodeJS.ProcessEnv = process.env,
): ChildProcess =>
  fork(fileURLToPath(new URL(file, import.meta.url)), args, {
    env,
    // Its log lines are discarded, which costs the least.
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });

/** The first message of a process. @throws {Error} when it ends without one */
export async function firstMessage(child: ChildProcess): Promise<unknown> {
  const ended = once(child, 'exit').then(([code]) => {
    throw new Error(`${child.spawnargs[1]} ended with ${code}`);
  });
  const [message] = await Promise.race([once(child, 'message'), ended]);
  ended.catch(() => undefined);
  return message;
}
