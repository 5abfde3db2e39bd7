import { setTimeout } from 'node:timers/promises';
import { type ProcessCommand, startLocalStack } from './local-stack.ts';
import { watchInterruption } from './program/interruption.ts';
import type { Progress } from './program/progress.ts';
import { checkFiles, type Generated, generate } from './tasks/generate.ts';

type Options = {
  /** The command that starts the local stack. */
  readonly command: ProcessCommand;
  readonly cwd: string;
  readonly picture: string;
  readonly prompt: string;
  readonly out: string;
  readonly progress: Progress;
};

/** How long after a failure the end of the local stack may still be the reason for it. */
const exitNoticeMs = 1000;

/** One picture through a local stack that is started for it and stopped afterwards in any case. */
export async function runDemo(options: Options): Promise<Generated> {
  const { command, cwd, picture, prompt, out, progress } = options;
  await checkFiles({ pictures: [picture], out });
  using interruption = watchInterruption();
  const { interrupted } = interruption;
  const ended = new AbortController();
  progress.show({ stage: 'starting' });
  const { ready, died, stop } = startLocalStack({ command, cwd });
  try {
    const { url, apiKey } = await Promise.race([ready, interrupted]);
    const generated = generate({
      url,
      key: apiKey,
      pictures: [picture],
      request: { prompt },
      out,
      pollMs: 200,
      onProgress: progress.show,
      onNote: progress.note,
      // When the demo is interrupted, `generate` ends at its next pause.
      sleep: (milliseconds) => setTimeout(milliseconds, undefined, { signal: ended.signal }),
    });
    // When the local stack dies, a request may fail before we know that its process has ended. The end of the process
    // says why, so it goes first.
    const generatedUnlessDied = generated.catch(async (error: unknown) => {
      await Promise.race([died, setTimeout(exitNoticeMs, undefined, { signal: ended.signal })]);
      throw error;
    });
    return await Promise.race([generatedUnlessDied, died, interrupted]);
  } finally {
    ended.abort();
    await stop();
    progress.end();
  }
}
