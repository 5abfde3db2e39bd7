import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { startLocalStack } from '../../cli/local-stack.ts';
import { servingStack, stackScript } from './stack-script.ts';

async function setUp(body: string, limits: { startMs?: number; stopMs?: number } = {}) {
  const { command, directory, journalPath } = await stackScript(body);
  const stack = startLocalStack({ command, cwd: directory, ...limits });
  onTestFinished(() => stack.stop());
  return { ...stack, journal: async () => JSON.parse(await readFile(journalPath, 'utf8')) };
}

const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

describe('a local stack that starts', () => {
  test('reports its address and key, and gets a temporary directory of its own', async () => {
    const { ready, journal } = await setUp(servingStack());

    expect(await ready).toMatchObject({
      url: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/),
      apiKey: 'sk-local',
    });
    const { args, readyFile } = await journal();
    const home = dirname(readyFile);
    expect(args).toEqual([
      ...['--ready-file', `${home}/ready.json`, '--data', `${home}/data`],
      ...['--port', '0', '--quiet'],
    ]);
  });

  test('is not ready while its ready file is half written', async () => {
    const { ready } = await setUp(`
      writeFileSync(journal.readyFile, '{"url":"http://127.0.0.1:1",');
      setTimeout(() => writeFileSync(journal.readyFile, '{"url":"http://127.0.0.1:1","apiKey":"k"}'), 250);
      setInterval(() => {}, 1000);
    `);

    expect(await ready).toEqual({ url: 'http://127.0.0.1:1', apiKey: 'k' });
  });

  test('is stopped with SIGTERM, and its directory is removed', async () => {
    const { ready, journal, stop } = await setUp(servingStack());
    await ready;

    await stop();

    const { pid, readyFile, stopped } = await journal();
    expect(stopped).toBe(true);
    expect(isAlive(pid)).toBe(false);
    expect(existsSync(dirname(readyFile))).toBe(false);
  });

  test('is killed when it ignores SIGTERM', async () => {
    const { ready, journal, stop } = await setUp(
      `${servingStack()} process.removeAllListeners('SIGTERM'); process.on('SIGTERM', () => {});`,
      { stopMs: 100 },
    );
    await ready;
    const { pid } = await journal();

    await stop();

    expect(isAlive(pid)).toBe(false);
  });

  test('and dies later rejects with its last line', async () => {
    const { ready, died } = await setUp(`
      ${servingStack()}
      setTimeout(() => { console.error('out of pictures'); process.exit(3); }, 300);
    `);
    await ready;

    await expect(died).rejects.toThrow('The local stack stopped: out of pictures');
  });
});

describe('a local stack that does not start', () => {
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
    const { ready } = await setUp(body);

    await expect(ready).rejects.toThrow(`The local stack stopped: ${message}`);
  });

  test('is given up after the start limit', async () => {
    const { ready } = await setUp('setInterval(() => {}, 1000);', { startMs: 200 });

    await expect(ready).rejects.toThrow('The local stack was not ready after 0.2 seconds');
  });

  test('is reported when the program does not exist', async () => {
    const { ready, stop } = startLocalStack({ command: ['/nonexistent/node'], cwd: '/' });

    await expect(ready).rejects.toThrow(/^The local stack did not start: .*ENOENT/);
    await stop();
  });
});
