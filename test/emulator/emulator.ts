import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import * as z from 'zod';
import { freePort } from '../support/free-port.ts';

const LogLine = z.discriminatedUnion('kind', [
  /** What the emulator's IAM decided on one call. */
  z.object({
    kind: z.literal('decision'),
    /** The name of the caller's role. The tests themselves have none, and may do everything. */
    role: z.string().nullable(),
    action: z.string(),
    resource: z.string(),
    denial: z.string().nullable(),
  }),
  /** A function that threw, timed out or died. */
  z.object({ kind: z.literal('failure'), function: z.string(), error: z.string() }),
]);
type LogLine = z.infer<typeof LogLine>;
type LogLineOf<Kind extends LogLine['kind']> = Extract<LogLine, { kind: Kind }>;

export type Emulator = {
  /** The environment by which an SDK client or a command finds the services, as somebody who may do everything. */
  readonly environment: Readonly<Record<string, string>>;
  /** The events so far. */
  readonly log: <Kind extends LogLine['kind']>(kind: Kind) => readonly LogLineOf<Kind>[];
  close(): Promise<void>;
};

type EmulatorOptions = {
  readonly python: string;
  /** Where the origins in the variables of functions lead from here. */
  readonly origins: Readonly<Record<string, string>>;
};

/**
 * Starts the emulator on a free port of 127.0.0.1, with its own evaluation of IAM policies.
 * @throws {Error} with its output when it does not start
 */
export async function startEmulator({ python, origins }: EmulatorOptions): Promise<Emulator> {
  const directory = mkdtempSync(join(tmpdir(), 'darkroom-emulator-'));
  const outputFile = join(directory, 'output.txt');
  const logFile = join(directory, 'log.jsonl');
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const environment = {
    AWS_ENDPOINT_URL: url,
    AWS_REGION: 'us-east-1',
    AWS_DEFAULT_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
  };
  const output = openSync(outputFile, 'a');
  const child = spawn(python, [resolve('test/emulator/launch.py')], {
    detached: true, // its functions are processes of their own, which end with the group
    stdio: ['ignore', output, output],
    env: {
      // The functions run on the Node of the project, and find the SDK in its packages, as in Lambda.
      PATH: [resolve('node_modules/.bin'), process.env['PATH']].join(delimiter),
      NODE_PATH: resolve('node_modules'),
      TMPDIR: directory,
      ...environment,
      AUTH: 'true',
      BIND_HOST: '127.0.0.1',
      GATEWAY_PORT: String(port),
      MINISTACK_HOST: 'localhost',
      LAMBDA_EXECUTOR: 'local',
      IOT_MTLS_ENABLED: '0',
      SFTP_ENABLED: '0',
      EMULATOR_LOG: logFile,
      EMULATOR_ORIGINS: JSON.stringify(origins),
      // Variables that the functions need because everything is on this machine. They are not in the template.
      ALLOW_LOOPBACK: 'allowed',
      AWS_ENDPOINT_URL_S3: url,
    },
  });
  const ended = once(child, 'exit');
  const killGroup = () => {
    if (child.exitCode === null && child.signalCode === null) process.kill(-Number(child.pid), 9);
  };
  process.once('exit', killGroup);
  const close = async () => {
    killGroup();
    await ended;
    process.off('exit', killGroup);
    rmSync(directory, { recursive: true, force: true, maxRetries: 5 });
  };
  while (!(await isReady(url))) {
    if (child.exitCode !== null) {
      const said = readFileSync(outputFile, 'utf8');
      await close();
      throw new Error(`The emulator does not start.\n${said}`);
    }
    await setTimeout(100);
  }
  return {
    environment,
    log: <Kind extends LogLine['kind']>(kind: Kind) =>
      readFileSync(logFile, 'utf8')
        .trimEnd()
        .split('\n')
        .map((line) => LogLine.parse(JSON.parse(line)))
        .filter((line): line is LogLineOf<Kind> => line.kind === kind),
    close,
  };
}

const isReady = (url: string): Promise<boolean> =>
  fetch(`${url}/_ministack/health`).then(
    ({ ok }) => ok,
    () => false,
  );
