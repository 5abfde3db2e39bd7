import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { jpegBytes } from './cli-context.ts';
import { runScript, script } from './run-script.ts';
import { servingStack, stackScript } from './stack-script.ts';
import { taskError, taskId } from './task-responses.ts';

type DemoOptions = {
  readonly watch?: NonNullable<Parameters<typeof runScript>[2]>['watch'];
  readonly picture?: string;
  readonly out?: string;
};

/** How a photo of an iPhone begins. */
const heicBytes = Buffer.from('\0\0\0\x18ftypheic\0\0\0\0', 'latin1');

/** Runs the demo as a process, with a script in place of the local stack. */
async function demo(
  stackBody: string,
  { watch = () => {}, picture = 'photo.jpg', out = 'out' }: DemoOptions = {},
) {
  const { command, directory, journalPath } = await stackScript(stackBody);
  await writeFile(join(directory, 'photo.jpg'), jpegBytes);
  await writeFile(join(directory, 'photo.heic'), heicBytes);
  const temporary = join(directory, 'temporary');
  await mkdir(temporary);
  const options = { command, cwd: directory, picture, prompt: 'stars', out };
  const driver = join(directory, 'demo.ts');
  await writeFile(
    driver,
    `import { createProgram, runProgram } from ${JSON.stringify(script('program/command-line.ts'))};
     import { createProgress } from ${JSON.stringify(script('program/progress.ts'))};
     import { runDemo } from ${JSON.stringify(script('run-demo.ts'))};
     await runProgram(createProgram('demo', '').action(async () => {
       const { files } = await runDemo({ ...${JSON.stringify(options)}, progress: createProgress() });
       console.log(files.join());
     }));`,
  );
  const ended = await runScript(driver, [], { cwd: directory, env: { TMPDIR: temporary }, watch });
  return {
    ...ended,
    saved: existsSync(join(directory, 'out', `${taskId}-1.png`)),
    stackStopped:
      existsSync(journalPath) && JSON.parse(await readFile(journalPath, 'utf8')).stopped === true,
    stackStarted: existsSync(journalPath),
    leftovers: await readdir(temporary),
  };
}

describe('the demo', () => {
  test('starts a local stack, saves the result and leaves nothing running', async () => {
    expect(await demo(servingStack())).toEqual({
      code: 0,
      stdout: `out/${taskId}-1.png\n`,
      stderr: 'starting the local stack\nuploading\nsaving\n',
      saved: true,
      stackStarted: true,
      stackStopped: true,
      leftovers: [],
    });
  });

  test('stops the local stack when the task fails', async () => {
    const polls = [{ status: 'failed', error: taskError('No stars today.') }];

    const { code, stderr, stackStopped, leftovers } = await demo(servingStack({ polls }));

    expect(stderr).toMatch(/\nerror: No stars today\. \(service_error, task-[\w-]+\)\n$/);
    expect({ code, stackStopped, leftovers }).toEqual({
      code: 3,
      stackStopped: true,
      leftovers: [],
    });
  });

  test('fails when the local stack dies', async () => {
    const dies = `setTimeout(() => { console.error('out of memory'); process.exit(1); }, 300);`;

    const { code, stderr, leftovers } = await demo(
      `${servingStack({ polls: [{ status: 'pending' }] })} ${dies}`,
    );

    expect(stderr).toMatch(/\nerror: The local stack stopped: out of memory\n$/);
    expect({ code, leftovers }).toEqual({ code: 1, leftovers: [] });
  });

  test('says in one line why the local stack did not start', async () => {
    const { code, stderr, leftovers } = await demo('console.error("no cdk.out"); process.exit(1);');

    expect(stderr).toBe('starting the local stack\nerror: The local stack stopped: no cdk.out\n');
    expect({ code, leftovers }).toEqual({ code: 1, leftovers: [] });
  });
});

describe('the demo starts nothing', () => {
  test.each<[string, DemoOptions, string]>([
    [
      'a picture that does not exist',
      { picture: 'none.jpg' },
      'Cannot read none.jpg: no such file or directory',
    ],
    [
      'a picture of another format',
      { picture: 'photo.heic' },
      'photo.heic is a HEIC; export it as JPEG, PNG, WebP or BMP and send it again; here it cannot be changed: sharp cannot read it (image_processing_error)',
    ],
    [
      'a directory for the results that cannot be made',
      { out: 'photo.jpg/out' },
      'Cannot write to photo.jpg/out: not a directory',
    ],
  ])('for %s', async (_, options, message) => {
    const ended = await demo(servingStack(), options);

    expect(ended).toEqual({
      code: 1,
      stdout: '',
      stderr: `error: ${message}\n`,
      saved: false,
      stackStarted: false,
      stackStopped: false,
      leftovers: [],
    });
  });

  test.skipIf(!existsSync('/proc/self'))(
    'for a directory for the results that takes no file',
    async () => {
      const { code, stderr, stackStarted } = await demo(servingStack(), { out: '/proc/self' });

      expect(stderr).toMatch(/^error: Cannot write to \/proc\/self: .*\n$/);
      expect({ code, stackStarted }).toEqual({ code: 1, stackStarted: false });
    },
  );
});

describe('the demo, interrupted', () => {
  test.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const)('by %s stops the local stack', async (signal, code) => {
    const { stderr, ...ended } = await demo(servingStack({ polls: [{ status: 'pending' }] }), {
      watch: (stderr, child) => void (stderr.endsWith('queued\n') && child.kill(signal)),
    });

    expect(stderr).toMatch(/\nerror: interrupted\n$/);
    expect(ended).toEqual({
      code,
      stdout: '',
      saved: false,
      stackStarted: true,
      stackStopped: true,
      leftovers: [],
    });
  });

  test('while the local stack is starting leaves nothing behind', async () => {
    const { code, stderr, leftovers } = await demo('setInterval(() => {}, 1000);', {
      watch: (stderr, child) => void (stderr.endsWith('stack\n') && child.kill('SIGINT')),
    });

    expect(stderr).toBe('starting the local stack\nerror: interrupted\n');
    expect({ code, leftovers }).toEqual({ code: 130, leftovers: [] });
  });
});
