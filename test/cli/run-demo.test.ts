import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { taskId } from './fake-api.ts';
import { runScript, script } from './run-script.ts';
import { runtimeScript, serving } from './runtime-script.ts';
import { jpegBytes } from './world.ts';

type Watch = NonNullable<Parameters<typeof runScript>[2]>['watch'];

/** The demo as a process, with a runtime that is one script. */
async function demo(runtimeBody: string, watch: Watch = () => {}) {
  const { command, directory, diaryPath } = await runtimeScript(runtimeBody);
  const picture = join(directory, 'photo.jpg');
  await writeFile(picture, jpegBytes);
  const temporary = join(directory, 'temporary');
  await mkdir(temporary);
  const options = { command, cwd: directory, picture, prompt: 'stars', out: 'out' };
  const driver = join(directory, 'demo.ts');
  await writeFile(
    driver,
    `import { commandLine, run } from ${JSON.stringify(script('command-line.ts'))};
     import { progress } from ${JSON.stringify(script('progress.ts'))};
     import { runDemo } from ${JSON.stringify(script('run-demo.ts'))};
     await run(commandLine('demo', '').action(async () => {
       const { files } = await runDemo({ ...${JSON.stringify(options)}, progress: progress() });
       console.log(files.join());
     }));`,
  );
  const ended = await runScript(driver, [], { cwd: directory, env: { TMPDIR: temporary }, watch });
  return {
    ...ended,
    saved: existsSync(join(directory, 'out', `${taskId}-1.png`)),
    told: existsSync(diaryPath) && JSON.parse(await readFile(diaryPath, 'utf8')).stopped === true,
    left: await readdir(temporary),
  };
}

describe('the demo', () => {
  test('starts a runtime, paints, saves and leaves nothing running', async () => {
    expect(await demo(serving())).toEqual({
      code: 0,
      stdout: `out/${taskId}-1.png\n`,
      stderr: 'starting the local runtime\nuploading\nsaving\n',
      ...{ saved: true, told: true, left: [] },
    });
  });

  test('stops the runtime when the task fails', async () => {
    const polls = [{ status: 'failed', error: { message: 'No stars today.' } }];

    const { code, stderr, told, left } = await demo(serving({ polls }));

    expect(stderr).toMatch(/\nerror: No stars today\.\n$/);
    expect({ code, told, left }).toEqual({ code: 1, told: true, left: [] });
  });

  test('ends when the runtime dies under it', async () => {
    const dies = `setTimeout(() => { console.error('out of memory'); process.exit(1); }, 300);`;

    const { code, stderr, left } = await demo(
      `${serving({ polls: [{ status: 'pending' }] })} ${dies}`,
    );

    expect(stderr).toMatch(/\nerror: The local runtime stopped: out of memory\n$/);
    expect({ code, left }).toEqual({ code: 1, left: [] });
  });

  test('says in one line why there is no runtime', async () => {
    const { code, stderr, left } = await demo('console.error("no cdk.out"); process.exit(1);');

    expect(stderr).toBe(
      'starting the local runtime\nerror: The local runtime stopped: no cdk.out\n',
    );
    expect({ code, left }).toEqual({ code: 1, left: [] });
  });
});

describe('the demo, interrupted', () => {
  test.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const)('by %s takes the runtime with it', async (signal, code) => {
    const { stderr, ...ended } = await demo(
      serving({ polls: [{ status: 'pending' }] }),
      (said, child) => void (said.endsWith('queued\n') && child.kill(signal)),
    );

    expect(stderr).toMatch(/\nerror: interrupted\n$/);
    expect(ended).toEqual({ code, stdout: '', saved: false, told: true, left: [] });
  });

  test('while the runtime is starting leaves nothing behind', async () => {
    const { code, stderr, left } = await demo(
      'setInterval(() => {}, 1000);',
      (said, child) => void (said.endsWith('runtime\n') && child.kill('SIGINT')),
    );

    expect(stderr).toBe('starting the local runtime\nerror: interrupted\n');
    expect({ code, left }).toEqual({ code: 130, left: [] });
  });
});
