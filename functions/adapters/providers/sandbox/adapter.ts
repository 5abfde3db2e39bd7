import { sandboxSeconds } from '../../../domain/model/catalogue.ts';
import type { Clock } from '../../../domain/model/clock.ts';
import { failures } from '../../../domain/model/failures.ts';
import { taskErrorCodes } from '../../../domain/model/problem.ts';
import type { Job, Progress, Provider } from '../../../domain/model/provider.ts';
import type { GeneratedImage } from '../../../domain/model/task.ts';
import { ProviderBusy, SubmitUnknown } from '../../../domain/model/workflow-errors.ts';
import { effectsOf } from '../../../domain/providers/sandbox-effects.ts';

// The provider of test mode. It needs no key, no network and no memory: the ticket of a job says when it was submitted and
// how it ends.

/** A ticket has everything about its job, so the sandbox can say how it ended for as long as tasks are kept. */
const retentionMs = 30 * 24 * 60 * 60 * 1000;

export const sandboxProvider = (now: Clock): Provider => ({
  retentionMs,

  submit: async (job) => {
    const { busy = 0, unknown } = effectsOf(job.prompt);
    if ((job.busyCount ?? 0) < busy) throw new ProviderBusy('the prompt asked for it');
    if (unknown) throw new SubmitUnknown('the prompt asked for it');
    return ticketOf(job, now());
  },

  poll: async (ticket) => progressOf(ticket, now()),
});

/** `sandbox-1796083200000-40s-2of4`, and `-<code>` behind it for a job that fails. */
const ticketPattern = /^sandbox-(\d+)-(\d+)s-(\d+)of(\d+)(?:-([a-z_]+))?$/;

function ticketOf({ prompt, n }: Job, at: number): string {
  const { seconds = sandboxSeconds, partial = n, fail } = effectsOf(prompt);
  const ticket = `sandbox-${at}-${seconds}s-${Math.min(partial, n)}of${n}`;
  return fail ? `${ticket}-${fail}` : ticket;
}

function progressOf(ticket: string, now: number): Progress {
  const [, at, seconds, made, n, word] = ticketPattern.exec(ticket) ?? [];
  if (at === undefined) throw new Error(`the sandbox has given no ticket ${ticket}`);
  if (now < Number(at) + Number(seconds) * 1000) return { state: 'running' };
  const code = taskErrorCodes.find((known) => known === word);
  if (code) return { state: 'failed', failure: { ...failures.inSandbox, code } };
  const images = Array.from({ length: Number(n) }, (_, index) =>
    index < Number(made) ? firstInput : failures.leftOutInSandbox,
  );
  return { state: 'succeeded', images };
}

/** The first input itself: it is copied and marked when the task is settled. */
const firstInput: GeneratedImage = { input: 0 };
