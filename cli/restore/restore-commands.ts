import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { SFNClient } from '@aws-sdk/client-sfn';
import { type Command, InvalidArgumentError } from 'commander';
import type { Discrepancy } from '../../functions/domain/billing/audit-funds.ts';
import { readOutputs } from '../doctor/read-outputs.ts';
import { regionOf } from '../doctor/region-of.ts';
import { invoke } from '../issue-first-key.ts';
import { endWith } from '../program/cli-error.ts';
import { exitCodes } from '../program/exit-codes.ts';
import { formatFields, numberColumn, textColumn, timeColumn } from '../program/format.ts';
import { printRows } from '../program/list.ts';
import type { Terminal } from '../program/terminal.ts';
import {
  auditRestored,
  type ChangedTask,
  changedTasks,
  countOpenTasks,
  type UndoneChange,
  undoneChanges,
} from './compare-tables.ts';
import { findOrphans, type Orphan, stopExecutions } from './orphans.ts';
import { makePlan, type Plan, readPlan, settingOf, writePlan } from './plan.ts';
import { inspectRestore, type RestoreState, restoreTables } from './restore-tables.ts';

type Options = { readonly plan: string; readonly json?: true };

/** The steps of a restore, each a command that can be repeated. docs/restoring.md has their order. */
export function addRestore(program: Command, terminal: Terminal): void {
  program
    .command('tables')
    .description(
      'restore all tables to a moment; without --run, only check whether that is possible',
    )
    .requiredOption('--outputs <file>', 'the outputs of the stack, by `cdk deploy --outputs-file`')
    .requiredOption('--to <moment>', 'the moment, like 2026-12-01T09:30:00Z', parseMoment)
    .option('--run', 'restore them')
    .option(...planOption)
    .option(...jsonOption)
    .action((options: StartOptions) => start(options, terminal));
  step(
    'audit',
    'check that the money in the restored tables adds up: rows, ledgers and tasks',
  ).action((options: Options) => audit(options, terminal));
  step('tasks', 'list the tasks that are lost, with the jobs that providers have of them').action(
    (options: Options) => listTasks(options, terminal),
  );
  step(
    'changes',
    'list the changes of accounts, keys and credits that the restore has undone',
  ).action((options: Options) => listChanges(options, terminal));
  step(
    'executions',
    'list the executions that do not fit the restored tables; with --stop, stop them',
  )
    .option('--stop', 'stop them')
    .action((options: StopOptions) => orphans(options, terminal));
  step('open', 'count the open tasks; with --check, have the due ones checked now')
    .option('--check', 'run the reconciler')
    .action((options: OpenOptions) => open(options, terminal));

  function step(name: string, description: string): Command {
    return program
      .command(name)
      .description(description)
      .option(...planOption)
      .option(...jsonOption);
  }
}

const planOption = ['--plan <file>', 'where the plan of the restore is', 'restore.json'] as const;
const jsonOption = ['--json', 'print the result as JSON'] as const;

/** @throws {InvalidArgumentError} for what is no moment in UTC */
function parseMoment(text: string): number {
  const isMoment = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?Z$/.test(text);
  const moment = isMoment ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(moment)) {
    throw new InvalidArgumentError('It must be a moment in UTC, like 2026-12-01T09:30:00Z.');
  }
  return moment;
}

type StartOptions = Options & {
  readonly outputs: string;
  readonly to: number;
  readonly run?: true;
};

async function start(options: StartOptions, terminal: Terminal): Promise<void> {
  const plan = makePlan(await readOutputs(options.outputs), options.to);
  using clients = awsClients(plan);
  const { dynamo: client } = clients;
  const states = await inspectRestore({ client }, plan);
  if (!options.run) {
    printRows(states, { columns: stateColumns, emptyText: '' }, options, terminal);
    terminal.printNote(`Nothing is changed. --run restores them to ${plan.moment}.`);
    return;
  }
  await writePlan(options.plan, plan);
  const { sleep, printNote: note } = terminal;
  await restoreTables({ client, sleep, note }, plan);
  terminal.print(settingOf(plan));
  terminal.printNote(`Add this to darkroom.config.json; the plan is in ${options.plan}.`);
}

const stateColumns = [
  textColumn<RestoreState>('table', ({ name }) => name),
  textColumn<RestoreState>('state', ({ state }) => state),
  textColumn<RestoreState>('from', ({ from }) => from),
  textColumn<RestoreState>('to', ({ to }) => to),
];

async function audit({ plan: path, json }: Options, terminal: Terminal): Promise<void> {
  const plan = await readPlan(path);
  using clients = awsClients(plan);
  const found = await auditRestored(clients.dynamo, plan, terminal.now());
  const emptyText = 'The money adds up, in every shard and every ledger.';
  printRows(found, { columns: auditColumns, emptyText }, { json }, terminal);
  endWith(found.length > 0 ? exitCodes.unhealthy : exitCodes.done);
}

const auditColumns = [
  textColumn<Discrepancy>('of', ({ of }) => of),
  textColumn<Discrepancy>('shard', ({ shard }) => shard),
  textColumn<Discrepancy>('rule', ({ rule }) => rule),
  numberColumn<Discrepancy>('expected', ({ expected }) => expected),
  numberColumn<Discrepancy>('found', ({ found }) => found),
];

async function listTasks({ plan: path, json }: Options, terminal: Terminal): Promise<void> {
  const plan = await readPlan(path);
  using clients = awsClients(plan);
  const tasks: ChangedTask[] = [];
  for await (const task of changedTasks(clients.dynamo, plan)) tasks.push(task);
  printRows(tasks, { columns: taskColumns, emptyText: 'No task is lost.' }, { json }, terminal);
}

const taskColumns = [
  textColumn<ChangedTask>('task', ({ id }) => id),
  textColumn<ChangedTask>('account', ({ account }) => account),
  textColumn<ChangedTask>('mode', ({ livemode }) => (livemode ? 'live' : 'test')),
  textColumn<ChangedTask>('change', ({ change }) => change),
  textColumn<ChangedTask>('status', ({ status }) => status),
  textColumn<ChangedTask>('provider', ({ provider }) => provider),
  textColumn<ChangedTask>('ticket', ({ ticket }) => ticket),
  numberColumn<ChangedTask>('reserved', ({ credits_reserved }) => credits_reserved),
  numberColumn<ChangedTask>('used', ({ credits_used }) => credits_used),
  timeColumn<ChangedTask>('created', ({ created_at }) => created_at),
];

async function listChanges({ plan: path, json }: Options, terminal: Terminal): Promise<void> {
  const plan = await readPlan(path);
  using clients = awsClients(plan);
  const changes = await undoneChanges(clients.dynamo, plan, terminal.now());
  printRows(
    changes,
    { columns: changeColumns, emptyText: 'Nothing is undone.' },
    { json },
    terminal,
  );
}

const changeColumns = [
  textColumn<UndoneChange>('account', ({ account }) => account),
  textColumn<UndoneChange>('change', ({ change }) => change),
  textColumn<UndoneChange>('id', ({ id }) => id),
  textColumn<UndoneChange>('name', ({ name }) => name),
  numberColumn<UndoneChange>('credits', ({ credits }) => credits),
];

type StopOptions = Options & { readonly stop?: true };

async function orphans({ plan: path, json, stop }: StopOptions, terminal: Terminal) {
  const plan = await readPlan(path);
  using clients = awsClients(plan);
  const found = await findOrphans(clients, plan);
  const emptyText = 'All executions fit the restored tables.';
  printRows(found, { columns: orphanColumns, emptyText }, { json }, terminal);
  if (stop) {
    await stopExecutions(clients.states, found);
    terminal.printNote(`${found.length} stopped`);
  } else if (found.length > 0) terminal.printNote('Nothing is changed. --stop stops them.');
}

const orphanColumns = [
  textColumn<Orphan>('task', ({ task }) => task),
  textColumn<Orphan>('reason', ({ reason }) => reason),
  timeColumn<Orphan>('started', ({ started_at }) => started_at),
  textColumn<Orphan>('execution', ({ execution }) => execution),
];

type OpenOptions = Options & { readonly check?: true };

/** How often the reconciler is run at most. It checks some thousands of tasks in a run. */
const maxRuns = 20;

async function open({ plan: path, json, check }: OpenOptions, terminal: Terminal): Promise<void> {
  const plan = await readPlan(path);
  using clients = awsClients(plan);
  const count = () => countOpenTasks(clients.dynamo, plan, terminal.now());
  let counted = await count();
  for (let runs = 0; check && counted.due > 0 && runs < maxRuns; runs += 1) {
    await invoke(clients.lambda, plan.reconciler, {});
    counted = await count();
  }
  const { open: tasks, due } = counted;
  terminal.print(
    json
      ? JSON.stringify(counted)
      : formatFields([
          ['open tasks', `${tasks}`],
          ['to be checked now', `${due}`],
        ]),
  );
}

/** Clients with the credentials of the environment, in the region of the stack. */
function awsClients({ stateMachine }: Plan) {
  const region = regionOf(stateMachine);
  const config = { ...(region !== undefined && { region }) };
  const clients = {
    dynamo: new DynamoDBClient(config),
    states: new SFNClient(config),
    lambda: new LambdaClient(config),
  };
  return {
    ...clients,
    [Symbol.dispose]: () => {
      for (const client of Object.values(clients)) client.destroy();
    },
  };
}
