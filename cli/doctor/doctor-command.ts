import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { type Command, Option } from 'commander';
import * as z from 'zod';
import { isTestKey } from '../../functions/domain/model/ids.ts';
import { parseJson } from '../api/api-caller.ts';
import {
  type ConnectionOptions,
  findConnection,
  findLocalAdminKey,
  findLocalSecret,
  withConnectionOptions,
} from '../api/connection.ts';
import { createSender } from '../api/send.ts';
import { parseDuration, wholeNumberParser } from '../program/arguments.ts';
import { endWith, usageError } from '../program/cli-error.ts';
import { exitCodes } from '../program/exit-codes.ts';
import { textColumn } from '../program/format.ts';
import { abortable, watchInterruption } from '../program/interruption.ts';
import { printRows } from '../program/list.ts';
import { type Terminal, toSingleLine } from '../program/terminal.ts';
import type { ReceivedCallback } from '../webhooks/receive-callbacks.ts';
import type { Ports } from './examine.ts';
import type { Finding } from './finding.ts';
import { regionOf } from './region-of.ts';
import { isThisMachine, type Probe } from './service-steps.ts';

type Options = ConnectionOptions & {
  readonly adminKey?: string;
  readonly spend?: true;
  readonly listen?: number | true;
  readonly callbackUrl?: string;
  readonly secret?: string;
  readonly outputs?: string;
  readonly aws?: true;
  readonly timeout?: number;
};

const defaultTimeoutMs = 5 * 60 * 1000;

/** `darkroom doctor`: proves a deployment step by step, and says what to do about what does not work. */
export function addDoctor(program: Command, terminal: Terminal): void {
  withConnectionOptions(
    program
      .command('doctor')
      .description('examine a deployment step by step, and say what to do about what does not work')
      .option(
        '--admin-key <key>',
        'an admin key, for what the operator sees (or DARKROOM_ADMIN_KEY)',
      )
      .option('--spend', 'make a task also with a live key; it costs one picture')
      .addOption(
        new Option(
          '--listen [port]',
          'receive the callback on this machine; a free port when none is given',
        ).argParser(wholeNumberParser(0, 65_535)),
      )
      .option(
        '--callback-url <address>',
        'where the callback is sent: your receiver, or the tunnel that leads to --listen',
      )
      .option('--secret <secret>', 'the webhook secret (or DARKROOM_WEBHOOK_SECRET)')
      .option(
        '--outputs <file>',
        'the outputs of the stack, as `cdk deploy --outputs-file` writes them',
      )
      .option(
        '--aws',
        'ask AWS for the limits of the account and who gets alarms, with your credentials, in the region of the outputs',
      )
      .option('--timeout <time>', 'how long to wait for a task (default: 5m)', parseDuration),
  ).action(async (options: Options) => {
    using interruption = watchInterruption();
    const { ports, close } = await openPorts(options, terminal, interruption.signal);
    const findings = await printFindings(ports, options, terminal).finally(close);
    endWith(findings.some(({ state }) => state === 'fail') ? exitCodes.unhealthy : exitCodes.done);
  });
}

/** For a person, prints each finding at once; for a program, prints all findings at the end. */
async function printFindings(
  ports: Ports,
  { json }: Options,
  terminal: Terminal,
): Promise<readonly Finding[]> {
  const { examine } = await import('./examine.ts');
  const findings: Finding[] = [];
  const isShownAtOnce = terminal.isInteractive && !json;
  for await (const finding of examine(ports)) {
    findings.push(finding);
    if (isShownAtOnce) terminal.print(formatFinding(finding));
  }
  if (!isShownAtOnce) printRows(findings, { columns, emptyText: '' }, { json }, terminal);
  return findings;
}

const columns = [
  textColumn<Finding>('step', ({ step }) => step),
  textColumn<Finding>('state', ({ state }) => state),
  textColumn<Finding>('what', ({ what }) => what),
  textColumn<Finding>('remedy', ({ remedy }) => remedy),
];

/** One line for a person, and the remedy below it. */
function formatFinding({ step, state, what, remedy }: Finding): string {
  const line = `${state.padEnd(7)}  ${step.padEnd(10)}  ${toSingleLine(what)}`;
  return remedy === undefined ? line : `${line}\n${' '.repeat(21)}→ ${toSingleLine(remedy)}`;
}

/** What the steps need, from the options, the environment and the local stack. The caller closes it. */
async function openPorts(options: Options, terminal: Terminal, signal: AbortSignal) {
  const { readOutputs } = await import('./read-outputs.ts');
  const outputs = options.outputs === undefined ? undefined : await readOutputs(options.outputs);
  const place: ConnectionOptions = {
    ...options,
    ...(options.url === undefined && outputs?.Url && { url: outputs.Url }),
  };
  const connection = await findConnection(place, terminal, 'testKey');
  const { url, key } = connection;
  const { fetch, sleep } = abortable(signal);
  const send = createSender({ fetch, sleep, now: terminal.now });
  const { darkroomApi } = await import('../api/api.ts');
  const { adminApi } = await import('../admin/admin-api.ts');
  const { uploadPicture } = await import('../tasks/task-run.ts');
  const adminKey =
    options.adminKey ??
    // The key in the environment is for a deployment, so the local stack's own key comes first.
    (await findLocalAdminKey(place, terminal)) ??
    terminal.env['DARKROOM_ADMIN_KEY'] ??
    (await findConnection(place, terminal, 'adminKey')).key;
  const bytes = new Uint8Array(await readFile(new URL('../sample.jpg', import.meta.url)));
  const picture = { path: 'the sample picture', contentType: 'image/jpeg', bytes } as const;
  const receiver = await openReceiver(options, url, terminal);
  const ports: Ports = {
    url,
    api: darkroomApi({ ...connection, send }),
    admin: adminApi({ url, key: adminKey, send }),
    outputs,
    concurrency:
      options.aws &&
      (async () => (await askAws()).readConcurrency(regionOf(outputs?.StateMachine))),
    subscribers: options.aws && (async (topic: string) => (await askAws()).readSubscribers(topic)),
    probe: () => probe(fetch, url),
    upload: (form) => uploadPicture(send, form, picture),
    fetchResult: (link) =>
      send(link, {}, async (response) => {
        await response.body?.cancel();
        return { status: response.status, type: response.headers.get('content-type') ?? '' };
      }),
    callback: receiver,
    isTestKey: isTestKey(key),
    spend: options.spend === true,
    newKey: () => `doctor-${randomUUID()}`,
    now: terminal.now,
    sleep,
    timeoutMs: options.timeout ?? defaultTimeoutMs,
  };
  return { ports, close: async () => receiver?.close() };
}

/** Who receives the callback: this machine, if the API can reach it, or the address that was given. */
async function openReceiver(
  { listen, callbackUrl, secret }: Options,
  url: string,
  terminal: Terminal,
) {
  const { hostname } = new URL(url);
  const isLocal = hostname === '127.0.0.1' && callbackUrl === undefined;
  const local = isLocal ? await findLocalSecret(terminal) : undefined;
  if (listen === undefined && local === undefined) return elsewhere(callbackUrl);
  if (callbackUrl === undefined && !isThisMachine(hostname))
    throw usageError(
      'A deployment does not reach this machine: give the public address that leads to it with --callback-url, beside --listen',
    );
  const { findSecret } = await import('../webhooks/listen-command.ts');
  const { receiveCallbacks } = await import('../webhooks/receive-callbacks.ts');
  const arrived = new Map<string, ReceivedCallback>();
  const server = await receiveCallbacks({
    port: typeof listen === 'number' ? listen : 0,
    secret: await findSecret({ secret: secret ?? local }, terminal),
    onCallback: (received) => {
      const id = CallbackId.safeParse(parseJson(received.body.toString())).data?.id;
      if (id !== undefined) arrived.set(id, received);
    },
  });
  return {
    url: callbackUrl ?? `${server.url}/`,
    received: (taskId: string) => arrived.get(taskId),
    close: server.close,
  };
}

/** A receiver that the doctor does not see: the task says whether the callback was delivered. */
const elsewhere = (url: string | undefined) =>
  url === undefined ? undefined : { url, close: async () => undefined };

const CallbackId = z.object({ id: z.string() });
const Health = z.object({ status: z.literal('ok') });

async function probe(fetch: typeof globalThis.fetch, url: string): Promise<Probe> {
  try {
    const response = await fetch(new URL('/healthz', url), {
      signal: AbortSignal.timeout(10_000),
      redirect: 'manual',
    });
    const date = Date.parse(response.headers.get('date') ?? '');
    const body = parseJson(await response.text());
    return {
      status: response.status,
      isDarkroom: Health.safeParse(body).success,
      dateMs: Number.isNaN(date) ? undefined : date,
    };
  } catch (thrown) {
    if (!(thrown instanceof Error)) throw thrown;
    const cause = thrown.cause instanceof Error ? thrown.cause : thrown;
    return { errorCode: 'code' in cause ? String(cause.code) : cause.name };
  }
}

// The SDK takes longer to load than the rest of the command, so it is loaded only with --aws.
const askAws = () => import('./ask-aws.ts');
