import { outcome } from '../../cli/command-line.ts';
import { darkroom } from '../../cli/darkroom-commands.ts';
import type { Terminal } from '../../cli/terminal.ts';
import type { Play } from './fake-api.ts';
import { runScript, script } from './run-script.ts';
import { key, world } from './world.ts';

type Env = Readonly<Record<string, string>>;

/** A world with the `darkroom` command in it. */
export async function darkroomWorld(play?: Play) {
  const all = await world(play);
  const environment = { DARKROOM_URL: all.api.url, DARKROOM_KEY: key };
  const said = { printed: [] as string[], remarks: [] as string[] };
  const slept: number[] = [];
  const terminal: Terminal = {
    env: environment,
    directory: all.directory,
    isWatched: false,
    print: (text) => said.printed.push(text),
    remark: (text) => said.remarks.push(text),
    now: () => Date.parse('2026-03-01T12:00:00Z'),
    sleep: async (milliseconds) => slept.push(milliseconds),
  };
  return {
    ...all,
    slept,
    /** Runs it as a process of its own. */
    run: (args: readonly string[], env: Env = environment) =>
      runScript(script('darkroom.ts'), args, { cwd: all.directory, env }),
    /** Runs it in this process, on a terminal of ours: that takes no second. */
    give: async (args: readonly string[], own: Partial<Terminal> = {}) => {
      const { exitCode: code, message } = await outcome(darkroom({ ...terminal, ...own }), args);
      const [printed, remarks] = [said.printed.splice(0), said.remarks.splice(0)];
      return { code, message, printed: printed.join('\n'), remarks: remarks.join('\n') };
    },
  };
}
