import { createDarkroom } from '../../cli/darkroom-commands.ts';
import { runWithArguments } from '../../cli/program/command-line.ts';
import { processTerminal } from '../../cli/program/process-terminal.ts';
import type { Terminal } from '../../cli/program/terminal.ts';
import { cliContext, key } from './cli-context.ts';
import type { FakeReplies } from './fake-api.ts';
import { runScript, script } from './run-script.ts';

type Env = Readonly<Record<string, string>>;

/** A fake API, a directory with pictures, and three ways to run the `darkroom` command. */
export async function darkroomContext(replies?: FakeReplies) {
  const context = await cliContext(replies);
  const environment = { DARKROOM_URL: context.api.url, DARKROOM_KEY: key };
  const output = { printed: [] as string[], notes: [] as string[] };
  const pauses: number[] = [];
  const terminal: Terminal = {
    env: environment,
    directory: context.directory,
    checkout: context.directory,
    isInteractive: false,
    print: (text) => output.printed.push(text),
    printNote: (text) => output.notes.push(text),
    readSecret: () => Promise.reject(new Error('nobody types here')),
    now: () => Date.parse('2026-03-01T12:00:00Z'),
    sleep: async (milliseconds) => pauses.push(milliseconds),
  };
  return {
    ...context,
    pauses,
    /** Runs the command as a process of its own. */
    runProcess: (args: readonly string[], env: Env = environment) =>
      runScript(script('darkroom.js'), args, { cwd: context.directory, env }),
    /** Runs the command in this process, and returns what a process of its own would print. */
    run: async (args: readonly string[]) => {
      const printed = { stdout: '', stderr: '' };
      const program = createDarkroom({
        ...processTerminal(),
        env: environment,
        directory: context.directory,
        isInteractive: false,
        print: (text) => {
          printed.stdout += `${text}\n`;
        },
        printNote: (text) => {
          printed.stderr += `${text}\n`;
        },
      });
      const { exitCode, errorLine } = await runWithArguments(program, args);
      printed.stderr += errorLine;
      return { code: exitCode, ...printed };
    },
    /** Runs the command in this process, on a fake terminal, where pauses take no time. */
    runInProcess: async (args: readonly string[], overrides: Partial<Terminal> = {}) => {
      const program = createDarkroom({ ...terminal, ...overrides });
      const { exitCode, message } = await runWithArguments(program, args);
      return {
        code: exitCode,
        message,
        printed: output.printed.splice(0).join('\n'),
        notes: output.notes.splice(0).join('\n'),
      };
    },
  };
}
