import {
  canaryAccount,
  canaryDeadlineMs,
  canaryMinutes,
} from '../../functions/domain/model/canary.ts';
import type { AdminApi, AdminTaskSummary, Providers, ProviderTrial } from '../admin/admin-api.ts';
import { CliError, hasErrorCode } from '../program/cli-error.ts';
import { type Finding, fail, ok, seeErrors, skipped, warn } from './finding.ts';
import type { Outputs } from './read-outputs.ts';
import { regionOf } from './region-of.ts';
import { toCliError } from './service-steps.ts';

/** An address that a topic of alarms sends to. Until it has confirmed a mail from AWS, nothing is sent there. */
export type Subscriber = { readonly address: string; readonly isConfirmed: boolean };

/** How many functions an AWS account runs at a time in a region. */
export type Concurrency = { readonly limit: number; readonly region: string };

/**
 * What the steps about the operation need. When something is absent, its step is skipped, and the finding says how to
 * provide it.
 */
export type OperationPorts = {
  /** With an admin key. */
  readonly admin?: Pick<AdminApi, 'providers' | 'tryProvider' | 'tasks'> | undefined;
  readonly outputs?: Outputs | undefined;
  /**
   * How many functions the AWS account may run at a time in the stack's region.
   * @throws {CliError} without the permission to read that
   */
  readonly concurrency?: (() => Promise<Concurrency>) | undefined;
  /** The subscribers of a topic of alarms. @throws {CliError} when AWS does not say */
  readonly subscribers?: ((topic: string) => Promise<readonly Subscriber[]>) | undefined;
  /** The time of the API, in milliseconds. */
  readonly apiNow: () => number;
  readonly sleep: (milliseconds: number) => Promise<unknown>;
  /** How long to wait for the first run of the reconciler at most. */
  readonly timeoutMs: number;
};

/** Examines what no task shows: the reconciler, the canary, the providers' keys, the quotas and the alarms. */
export async function* examineOperation(ports: OperationPorts): AsyncGenerator<Finding> {
  const { admin, outputs, apiNow } = ports;
  const providers = admin && (await readProviders(admin, ports));
  if (
    admin === undefined ||
    providers === undefined ||
    hasErrorCode(providers, 'permission_denied')
  ) {
    const hint = 'This step needs an admin key: --admin-key, or DARKROOM_ADMIN_KEY.';
    yield skipped('reconciler', hint);
    yield skipped('canary', hint);
    yield skipped('providers', hint);
  } else if (providers instanceof CliError) {
    yield fail('reconciler', `The providers cannot be listed: ${providers.message}`, seeErrors);
  } else {
    yield judgeReconciler(providers.reconciled_at, apiNow());
    yield await checkCanary(admin, outputs, apiNow());
    yield judgeProviders(providers.data, outputs, await tryKeys(admin, providers.data));
  }
  yield await checkQuotas(ports);
  yield await checkAlarms(ports);
}

/**
 * Right after a deployment the reconciler has not run yet. Its first run begins within a minute, and takes some seconds.
 */
const firstRunMs = 75_000;
const pollMs = 2000;

/** The providers, as the operator sees them. If the reconciler has not run yet, this waits for its first run. */
async function readProviders(
  admin: Pick<AdminApi, 'providers'>,
  { apiNow, sleep, timeoutMs }: OperationPorts,
): Promise<Providers | CliError> {
  const until = apiNow() + Math.min(firstRunMs, timeoutMs);
  for (;;) {
    const providers = await admin.providers().catch(toCliError);
    const isFinal = providers instanceof CliError || providers.reconciled_at !== null;
    if (isFinal || apiNow() >= until) return providers;
    await sleep(pollMs);
  }
}

/** The reconciler runs once a minute, and may miss one run. */
const maxReconcilerAgeMs = 3 * 60 * 1000;

/** Whether the reconciler has run lately. `reconciledAt` is in unix seconds. */
export function judgeReconciler(reconciledAt: number | null, nowMs: number): Finding {
  const remedy =
    'Is its rule enabled, and does it fail? docs/runbook.md#reconcilerstopped has the commands, like: aws events enable-rule --name <rule>';
  if (reconciledAt === null) {
    return fail(
      'reconciler',
      'The reconciler has never run: nothing that is lost is repaired.',
      remedy,
    );
  }
  const ageMs = nowMs - reconciledAt * 1000;
  const seconds = Math.max(0, Math.round(ageMs / 1000));
  if (ageMs <= maxReconcilerAgeMs) return ok('reconciler', `The reconciler ran ${seconds} s ago.`);
  return fail('reconciler', `The reconciler has not run for ${seconds} s.`, remedy);
}

/** The canary's two latest tasks: the latest one may not have ended yet. */
const canaryTasks = { account: canaryAccount, mode: 'test', limit: 2, cursor: undefined } as const;

async function checkCanary(
  admin: Pick<AdminApi, 'tasks'>,
  outputs: Outputs | undefined,
  nowMs: number,
): Promise<Finding> {
  if (outputs && outputs.CanaryKey === undefined) {
    return skipped('canary', 'There is none: "canary": true in darkroom.config.json turns it on.');
  }
  const tasks = await admin.tasks(canaryTasks).catch(toCliError);
  if (tasks instanceof CliError) {
    return fail('canary', `Its tasks cannot be listed: ${tasks.message}`, seeErrors);
  }
  if (outputs || tasks.data.length > 0) return judgeCanary(tasks.data, outputs, nowMs);
  return skipped(
    'canary',
    'The outputs of the stack say whether there is a canary: --outputs cdk-outputs.json.',
  );
}

/** Two intervals of the canary, and some minutes for a run that begins late. */
const maxCanaryAgeMs = (2 * canaryMinutes + 5) * 60_000;

/** Whether the canary has made a task lately, and the latest one that had time to end was completed. */
export function judgeCanary(
  tasks: readonly Pick<AdminTaskSummary, 'id' | 'status' | 'created_at' | 'code'>[],
  outputs: Outputs | undefined,
  nowMs: number,
): Finding {
  const ageOf = ({ created_at }: { readonly created_at: number }) => nowMs - created_at * 1000;
  const [latest] = tasks;
  if (!latest) {
    return warn(
      'canary',
      'The canary has made no task yet.',
      `Does it have a key? ${outputs?.CanaryKey ?? 'The output CanaryKey has the command'}. It runs every quarter of an hour`,
    );
  }
  const minutes = Math.max(0, Math.round(ageOf(latest) / 60_000));
  const remedy = `docs/runbook.md#canaryfailing. ${seeErrors}`;
  if (ageOf(latest) > maxCanaryAgeMs) {
    return fail('canary', `The canary has made no task for ${minutes} min.`, remedy);
  }
  const judged = tasks.find(
    (task) =>
      (task.status !== 'pending' && task.status !== 'processing') || ageOf(task) > canaryDeadlineMs,
  );
  if (judged && judged.status !== 'completed') {
    const end = judged.code === null ? `is still ${judged.status}` : `failed with ${judged.code}`;
    return fail('canary', `The task ${judged.id} of the canary ${end}.`, remedy);
  }
  return ok('canary', `The canary made a task ${minutes} min ago, and none failed.`);
}

/** The codes with which a provider rejects the key or the account, not the job. */
const accountCodes = new Set(['quota_exceeded', 'service_unavailable']);
/** The code with which a provider says that it has no room for a job. */
const busyCode = 'resource_exhausted';

/** The result of a call with a stored key. */
type Trial = Pick<ProviderTrial, 'provider' | 'result'>;

/** Tries the keys of the providers that are offered. */
const tryKeys = (
  admin: Pick<AdminApi, 'tryProvider'>,
  all: Providers['data'],
): Promise<readonly Trial[]> =>
  Promise.all(
    all
      .filter(({ position, has_key }) => position !== null && has_key)
      .map(({ id }) =>
        admin.tryProvider(id).catch((): Trial => ({ provider: id, result: 'unclear' })),
      ),
  );

/**
 * Whether a provider accepts its key, and whether one rejects its key, has rejected the account, or has no room because
 * others use the key.
 */
export function judgeProviders(
  all: Providers['data'],
  outputs: Outputs | undefined,
  trials: readonly Trial[],
): Finding {
  const offered = all.filter(({ position }) => position !== null);
  const ready = offered.filter(({ has_key }) => has_key);
  const store = (name: string) =>
    `npm run keys -- provider ${name} --secret ${outputs?.ProviderKeys ?? '<the output ProviderKeys>'}`;
  const [{ id: first } = { id: '<provider>' }] = ready.length > 0 ? ready : offered;
  if (ready.length === 0) {
    const remedy = `Store a key: ${store(first)}`;
    return fail('providers', 'No provider that is offered has a key.', remedy);
  }
  return (
    judgeTrials(trials, store) ??
    judgeRejections(ready, store) ??
    ok('providers', whoIsReady(offered))
  );
}

function judgeTrials(
  trials: readonly Trial[],
  store: (name: string) => string,
): Finding | undefined {
  const named = (result: ProviderTrial['result']) =>
    trials.filter((trial) => trial.result === result).map(({ provider }) => provider);
  const rejected = named('rejected');
  const unclear = named('unclear');
  const [first] = rejected;
  if (first) {
    const judge = rejected.length === trials.length ? fail : warn;
    const what = `The key is rejected by ${rejected.join(', ')}.`;
    return judge('providers', what, `Store another one: ${store(first)}`);
  }
  if (unclear.length === 0) return undefined;
  const what = `Nothing is known about the key of ${unclear.join(', ')}: no clear response came.`;
  return warn('providers', what, "Read the provider's status page, and try again later");
}

/** Judges the rejections of the latest day that has any. */
function judgeRejections(
  ready: Providers['data'],
  store: (name: string) => string,
): Finding | undefined {
  const days = ready.flatMap(({ rejections }) => rejections.map(({ day }) => day));
  const latest = days.toSorted().at(-1);
  const rejectedFor = (isMeant: (code: string) => boolean) =>
    ready
      .filter(({ rejections }) =>
        rejections.some(({ day, code }) => day === latest && isMeant(code)),
      )
      .map(({ id }) => id);
  const rejecting = rejectedFor((code) => accountCodes.has(code));
  if (rejecting[0]) {
    const what = `On ${latest}, the key or the account was rejected by ${rejecting.join(', ')}.`;
    return warn('providers', what, `Pay, or store another key: ${store(rejecting[0])}`);
  }
  // The queue sends no more jobs than the capacity. A provider that has no room all the same has jobs of somebody else.
  const full = rejectedFor((code) => code === busyCode);
  if (full.length === 0) return undefined;
  return warn(
    'providers',
    `On ${latest}, there was no room for jobs within the capacity of ${full.join(', ')}.`,
    'Does another stack use the same key? Give each a key of its own, or set the capacity lower: docs/runbook.md#change-the-capacity-of-a-provider',
  );
}

function whoIsReady(offered: Providers['data']): string {
  const namesOf = (has: boolean) =>
    offered.filter(({ has_key }) => has_key === has).map(({ id }) => id);
  const others = namesOf(false);
  const left = others.length > 0 ? `; without a key, and left out: ${others.join(', ')}` : '';
  return `The key is accepted by ${namesOf(true).join(', ')}${left}.`;
}

/** How long a request keeps a function busy at most, in seconds: the p95 of docs/performance.md, rounded up. */
const busySeconds = 0.2;
/** New AWS accounts run so many functions at a time. */
const newAccount = 10;

async function checkQuotas({ concurrency, outputs }: OperationPorts): Promise<Finding> {
  if (!concurrency) {
    return skipped(
      'quotas',
      'This step needs AWS credentials with lambda:GetAccountSettings: --aws.',
    );
  }
  const found = await concurrency().catch(toCliError);
  if (found instanceof CliError) {
    const remedy = 'Allow lambda:GetAccountSettings, or leave --aws out';
    return warn('quotas', found.message, remedy);
  }
  return judgeQuotas(found, Number(outputs?.RateLimit ?? Number.NaN));
}

/** Whether the account runs as many functions at a time as the rate of the API can keep busy. `rate` is NaN if unknown. */
export function judgeQuotas({ limit, region }: Concurrency, rate: number): Finding {
  const needed = Number.isNaN(rate) ? newAccount + 1 : Math.ceil(rate * busySeconds);
  const what = `The account runs ${limit} functions at a time in ${region}.`;
  if (limit >= needed) return ok('quotas', what);
  const remedy = `Ask for more: aws service-quotas request-service-quota-increase --region ${region} --service-code lambda --quota-code L-B99A9384 --desired-value ${Math.max(1000, needed)}`;
  const rates = Number.isNaN(rate)
    ? ''
    : `, and ${rate} requests a second keep up to ${needed} busy`;
  return warn('quotas', `${what.slice(0, -1)}${rates}: more are throttled.`, remedy);
}

async function checkAlarms({ outputs, subscribers }: OperationPorts): Promise<Finding> {
  if (!outputs) {
    return skipped(
      'alarms',
      'This step needs the outputs of the stack: npx cdk deploy --outputs-file cdk-outputs.json, and --outputs cdk-outputs.json.',
    );
  }
  const { AlarmTopic: topic } = outputs;
  if (!topic) {
    const remedy =
      'Set "alarmEmail" in darkroom.config.json, deploy (npx cdk deploy), and confirm the mail from AWS';
    return warn('alarms', 'Alarms are only shown in CloudWatch: nobody gets a mail.', remedy);
  }
  if (!subscribers) {
    return ok(
      'alarms',
      `Alarms are sent to ${topic}; --aws tells whether its address has confirmed the mail from AWS.`,
    );
  }
  const found = await subscribers(topic).catch(toCliError);
  if (!(found instanceof CliError)) return judgeSubscribers(topic, found);
  const remedy = `Ask by hand: aws sns list-subscriptions-by-topic ${topicOptions(topic)}`;
  return warn('alarms', found.message, remedy);
}

/** The AWS CLI uses the region of the shell, but SNS knows a topic only in the topic's own region. */
const topicOptions = (topic: string): string => `--region ${regionOf(topic)} --topic-arn ${topic}`;

/** Whether somebody gets the alarms of this topic. */
export function judgeSubscribers(topic: string, all: readonly Subscriber[]): Finding {
  const waiting = all.filter(({ isConfirmed }) => !isConfirmed).map(({ address }) => address);
  const confirmed = all.filter(({ isConfirmed }) => isConfirmed);
  if (confirmed.length > 0 && waiting.length === 0) {
    return ok(
      'alarms',
      `Alarms are sent to ${confirmed.map(({ address }) => address).join(', ')}.`,
    );
  }
  const judge = confirmed.length > 0 ? warn : fail;
  if (waiting.length > 0) {
    const remedy =
      'Open the link in the mail of AWS Notifications; when it is gone, subscribe once more: ' +
      `aws sns subscribe ${topicOptions(topic)} --protocol email --notification-endpoint ${waiting[0]}`;
    return judge(
      'alarms',
      `This address has not confirmed the mail from AWS, and gets no alarm: ${waiting.join(', ')}.`,
      remedy,
    );
  }
  const remedy = `Subscribe: aws sns subscribe ${topicOptions(topic)} --protocol email --notification-endpoint <address>`;
  return fail('alarms', `Nobody is subscribed to ${topic}, so nobody gets the alarms.`, remedy);
}
