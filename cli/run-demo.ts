import { setTimeout } from 'node:timers/promises';
import { type Generated, generate } from './generate.ts';
import { interruption } from './interruption.ts';
import { type Command, startLocalRuntime } from './local-runtime.ts';
import type { Progress } from './progress.ts';

type Options = {
  /** What starts the local runtime. */
  readonly command: Command;
  readonly cwd: string;
  readonly picture: string;
  readonly prompt: string;
  readonly out: string;
  readonly progress: Progress;
};

/** One picture through a local runtime that is started for it and is gone afterwards, whatever happens. */
export async function runDemo(options: Options): Promise<Generated> {
  const { command, cwd, picture, prompt, out, progress } = options;
  using interruptible = interruption();
  const { interrupted } = interruptible;
  const over = new AbortController();
  progress.show({ stage: 'starting' });
  const { ready, died, stop } = startLocalRuntime({ command, cwd });
  try {
    const { url, apiKey } = await Promise.race([ready, interrupted]);
    const generated = generate({
      ...{ url, key: apiKey, pictures: [picture], prompt, out, onProgress: progress.show },
      // Given up, it ends at its next pause.
      sleep: (milliseconds) => setTimeout(milliseconds, undefined, { signal: over.signal }),
    });
    return await Promise.race([generated, died, interrupted]);
  } finally {
    over.abort();
    await stop();
    progress.end();
  }
}
