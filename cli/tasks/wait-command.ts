import type { Command } from 'commander';
import type { CompletedTask } from '../api/api.ts';
import { apiFor, type ConnectionOptions, withConnectionOptions } from '../api/connection.ts';
import { createSender } from '../api/send.ts';
import { parseDuration, parseTaskId } from '../program/arguments.ts';
import { CliError, endWith } from '../program/cli-error.ts';
import { abortable, watchInterruption } from '../program/interruption.ts';
import { createProgress } from '../program/progress.ts';
import type { Terminal } from '../program/terminal.ts';
import { generatedOf, saveTask } from './generate.ts';
import { checkNamePattern, nameHelp } from './output-names.ts';
import { printGenerated } from './print-generated.ts';
import { prepareOutputDirectory } from './save-results.ts';
import { firstInput } from './task-input.ts';
import { adviseToWait, exitCodeOfTask, waitUntilCompleted } from './task-run.ts';

type Options = ConnectionOptions & {
  readonly out: string;
  readonly name?: string;
  readonly save: boolean;
  readonly timeout?: number;
};

/** `darkroom wait`: waits for a task that was created before, and saves its results. */
export function addWait(program: Command, terminal: Terminal): void {
  withConnectionOptions(
    program
      .command('wait')
      .description('wait for a task, and save its results')
      .argument('<id>', 'its id, as `darkroom tasks` lists it', parseTaskId)
      .option('--out <directory>', 'where to save them', 'out')
      .option('--name <pattern>', `${nameHelp} (default: {id}-{n})`)
      .option('--no-save', 'print the links to the results, and save nothing')
      .option('--timeout <time>', 'how long to wait: 90s, 20m, 2h (default: 20m)', parseDuration),
  ).action(async (id: string, options: Options) => {
    if (options.name !== undefined) checkNamePattern(options.name);
    if (options.save) await prepareOutputDirectory(options.out);
    const progress = createProgress({ isQuiet: options.json === true });
    using interruption = watchInterruption();
    const { interrupted, signal } = interruption;
    const { fetch, sleep } = abortable(signal);
    const sender = { fetch, sleep, now: terminal.now };
    const run = async (): Promise<{ task: CompletedTask; files?: readonly string[] }> => {
      const api = await apiFor(options, terminal, sender);
      const task = await waitUntilCompleted(id, {
        readTask: (one) => api.task(one).catch(adviseToWait(id)),
        sleep,
        now: terminal.now,
        timeoutMs: options.timeout,
        onProgress: progress.show,
      });
      if (!options.save) return { task };
      progress.show({ stage: 'saving' });
      const files = await saveTask(createSender(sender), task, {
        out: options.out,
        name: options.name,
        input: firstInput(task),
      });
      return { task, files };
    };
    const { task, files } = await Promise.race([run(), interrupted])
      .catch((thrown: unknown) => {
        if (!signal.aborted || !(thrown instanceof CliError)) throw thrown;
        const { exitCode } = thrown;
        throw new CliError(
          `interrupted; ${id} goes on: \`darkroom wait ${id}\` waits for it again`,
          { exitCode, taskId: id },
        );
      })
      .finally(progress.end);
    if (files) {
      printGenerated(generatedOf(task, files, secondsOf(task)), options, terminal);
      return;
    }
    terminal.print(options.json ? JSON.stringify(task) : task.results.join('\n'));
    endWith(exitCodeOfTask(task));
  });
}

const secondsOf = ({ created_at, completed_at }: { created_at: number; completed_at: number }) =>
  completed_at - created_at;
