import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { startLocalRuntime } from '../../cli/local-runtime.ts';
import { runtimeScript, serving } from './runtime-script.ts';

async function world(body: string, limits: { startMs?: number; stopMs?: number } = {}) {
  const { command, directory, diaryPath } = await runtimeScript(body);
  const runtime = startLocalRuntime({ command, cwd: directory, ...limits });
  onTestFinished(() => runtime.stop());
  return { ...runtime, diary: async () => JSON.parse(await readFile(diaryPath, 'utf8')) };
}

const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

describe('a runtime that starts', () => {
  test('says where it is, in a directory of its own', async () => {
    const { ready, diary } = await world(serving());

    expect(await ready).toMatchObject({
      url: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/),
      apiKey: 'sk-local',
    });
    const { args, readyFile } = await diary();
    const home = dirname(readyFile);
    expect(args).toEqual([
      ...['--ready-file', `${home}/ready.json`, '--data', `${home}/data`],
      ...['--port', '0', '--quiet'],
    ]);
  });

  test('is waited for until what it wrote is whole', async () => {
    const { ready } = await world(`
      writeFileSync(diary.readyFile, '{"url":"http://127.0.0.1:1",');
      setTimeout(() => writeFileSync(diary.readyFile, '{"url":"http://127.0.0.1:1","apiKey":"k"}'), 250);
      setInterval(() => {}, 1000);
    `);

    expect(await ready).toEqual({ url: 'http://127.0.0.1:1', apiKey: 'k' });
  });

  test('is asked to stop, and its directory goes with it', async () => {
    const { ready, diary, stop } = await world(serving());
    await ready;

    await stop();

    const { pid, readyFile, stopped } = await diary();
    expect(stopped).toBe(true);
    expect(isAlive(pid)).toBe(false);
    expect(existsSync(dirname(readyFile))).toBe(false);
  });

  test('is made to stop when it does not listen', async () => {
    const { ready, diary, stop } = await world(
      `${serving()} process.removeAllListeners('SIGTERM'); process.on('SIGTERM', () => {});`,
      { stopMs: 100 },
    );
    await ready;
    const { pid } = await diary();

    await stop();

    expect(isAlive(pid)).toBe(false);
  });

  test('and dies later says so', async () => {
    const { ready, died } = await world(`
      ${serving()}
      setTimeout(() => { console.error('out of pictures'); process.exit(3); }, 300);
    `);
    await ready;

    await expect(died).rejects.toThrow('The local runtime stopped: out of pictures');
  });
});

describe('a runtime that does not start', () => {
  test.each([
    [
      'its last line',
      'console.error("a\\nport 80 is taken\\n"); process.exit(1);',
      'port 80 is taken',
    ],
    ['its error and not the trace', 'throw new Error("no cdk.out");', 'Error: no cdk.out'],
    ['its exit code when it says nothing', 'process.exit(7);', 'exit code 7'],
    [
      'its signal when it says nothing',
      'process.kill(process.pid, "SIGKILL"); setInterval(() => {}, 1000);',
      'SIGKILL',
    ],
  ])('is reported with %s', async (_, body, message) => {
    const { ready } = await world(body);

    await expect(ready).rejects.toThrow(`The local runtime stopped: ${message}`);
  });

  test('is not waited for for ever', async () => {
    const { ready } = await world('setInterval(() => {}, 1000);', { startMs: 200 });

    await expect(ready).rejects.toThrow('The local runtime was not ready after 0.2 seconds');
  });

  test('is reported when there is no such program', async () => {
    const { ready, stop } = startLocalRuntime({ command: ['/nonexistent/node'], cwd: '/' });

    await expect(ready).rejects.toThrow(/^The local runtime did not start: .*ENOENT/);
    await stop();
  });
});
