import type { Play } from './fake-api.ts';
import { runScript, script } from './run-script.ts';
import { key, world } from './world.ts';

type Env = Readonly<Record<string, string>>;

/** A world with the `darkroom` command in it. */
export async function darkroomWorld(play?: Play) {
  const all = await world(play);
  const run = (args: readonly string[], env?: Env) =>
    runScript(script('darkroom.ts'), args, {
      cwd: all.directory,
      env: env ?? { DARKROOM_URL: all.api.url, DARKROOM_KEY: key },
    });
  return { ...all, run };
}
