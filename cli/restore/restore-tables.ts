import {
  ContinuousBackupsUnavailableException,
  DescribeContinuousBackupsCommand,
  DescribeTableCommand,
  DescribeTimeToLiveCommand,
  type DynamoDBClient,
  ListTagsOfResourceCommand,
  ResourceNotFoundException,
  RestoreTableToPointInTimeCommand,
  TableAlreadyExistsException,
  type TableDescription,
  TableInUseException,
  TagResourceCommand,
  UpdateContinuousBackupsCommand,
  UpdateTableCommand,
  UpdateTimeToLiveCommand,
} from '@aws-sdk/client-dynamodb';
import { CliError } from '../program/cli-error.ts';
import { type Plan, pairsOf, type TablePair } from './plan.ts';

type Ports = {
  readonly client: DynamoDBClient;
  readonly sleep: (milliseconds: number) => Promise<unknown>;
  /** Tells the person at the terminal what happens. */
  readonly note: (text: string) => void;
};

/** A table, and how far its restore is: `missing`, or the table's status in DynamoDB. */
export type RestoreState = TablePair & { readonly state: string };

/**
 * Reads how far a restore is, and whether it can begin. Changes nothing.
 * @throws {CliError} that names every table that cannot be restored to the moment
 */
export async function inspectRestore(
  { client }: Pick<Ports, 'client'>,
  plan: Plan,
): Promise<readonly RestoreState[]> {
  const states: RestoreState[] = [];
  const problems: string[] = [];
  for (const pair of pairsOf(plan)) {
    const target = await describe(client, pair.to);
    states.push({ ...pair, state: target?.TableStatus ?? 'missing' });
    const problem = target ? undefined : await problemWith(client, pair.from, plan.moment);
    if (problem) problems.push(`${pair.name} (${pair.from}) ${problem}`);
  }
  if (problems.length > 0) {
    throw new CliError(`Nothing was restored. ${problems.join('; ')}`);
  }
  return states;
}

/** Why a table cannot be restored to the moment, if it cannot. */
async function problemWith(
  client: DynamoDBClient,
  TableName: string,
  moment: string,
): Promise<string | undefined> {
  if (!(await describe(client, TableName))) return 'does not exist';
  const { ContinuousBackupsDescription: backups } = await client.send(
    new DescribeContinuousBackupsCommand({ TableName }),
  );
  const { PointInTimeRecoveryStatus, EarliestRestorableDateTime, LatestRestorableDateTime } =
    backups?.PointInTimeRecoveryDescription ?? {};
  if (PointInTimeRecoveryStatus !== 'ENABLED') return 'has no point-in-time recovery';
  const at = Date.parse(moment);
  if (!EarliestRestorableDateTime || !LatestRestorableDateTime) return 'has no backup yet';
  if (at >= EarliestRestorableDateTime.getTime() && at <= LatestRestorableDateTime.getTime()) {
    return undefined;
  }
  return `can be restored to a moment from ${EarliestRestorableDateTime.toISOString()} to ${LatestRestorableDateTime.toISOString()}`;
}

/** An emulator restores a small table within seconds; AWS takes a quarter of an hour and longer. */
const firstPauseMs = 1000;
const longestPauseMs = 15_000;
const pauseAfter = (round: number): number => Math.min(firstPauseMs * 2 ** round, longestPauseMs);

/**
 * Restores each table that is missing to a new one, waits until all of them are there, and gives them the settings of the
 * old ones, which a restore leaves out. It does only what is missing, so that an interrupted restore can be repeated.
 */
export async function restoreTables(ports: Ports, plan: Plan): Promise<void> {
  const { sleep, note } = ports;
  for (let round = 0; ; round += 1) {
    const waiting = (await inspectRestore(ports, plan)).filter(({ state }) => state !== 'ACTIVE');
    if (waiting.length === 0) break;
    for (const table of waiting) if (table.state === 'missing') await restore(ports, table, plan);
    note(`waits for ${waiting.map(({ name }) => name).join(', ')}`);
    await sleep(pauseAfter(round));
  }
  for (const pair of pairsOf(plan)) await copySettings(ports, pair);
}

async function restore({ client, note }: Ports, { from, to }: TablePair, { moment }: Plan) {
  note(`restores ${from} to ${to}`);
  const command = new RestoreTableToPointInTimeCommand({
    SourceTableName: from,
    TargetTableName: to,
    RestoreDateTime: new Date(moment),
  });
  // Another run may have begun it since we checked.
  await client.send(command).catch(ignore(TableAlreadyExistsException, TableInUseException));
}

/** Copies what a restore leaves out: time to live, tags, point-in-time recovery and the protection from deletion. */
async function copySettings(ports: Ports, { name, from, to }: TablePair): Promise<void> {
  const { client, note } = ports;
  const [source, target] = await Promise.all([describe(client, from), describe(client, to)]);
  if (!source || !target) throw new CliError(`${source ? to : from} does not exist`);
  await copyTimeToLive(client, from, to);
  await copyTags(client, source, target);
  await copyRecovery(ports, from, to);
  // This comes last: while a table is updated, DynamoDB takes no other change.
  if (source.DeletionProtectionEnabled && !target.DeletionProtectionEnabled) {
    await client.send(new UpdateTableCommand({ TableName: to, DeletionProtectionEnabled: true }));
  }
  note(`${name} is there: ${to}`);
}

async function copyTimeToLive(client: DynamoDBClient, from: string, to: string): Promise<void> {
  const [AttributeName, existing] = await Promise.all([
    timeToLiveOf(client, from),
    timeToLiveOf(client, to),
  ]);
  if (AttributeName === undefined || existing !== undefined) return;
  const TimeToLiveSpecification = { Enabled: true, AttributeName };
  await client.send(new UpdateTimeToLiveCommand({ TableName: to, TimeToLiveSpecification }));
}

async function timeToLiveOf(client: DynamoDBClient, TableName: string) {
  const { TimeToLiveDescription: found } = await client.send(
    new DescribeTimeToLiveCommand({ TableName }),
  );
  const isOn = ['ENABLED', 'ENABLING'].includes(found?.TimeToLiveStatus ?? '');
  return isOn ? found?.AttributeName : undefined;
}

async function copyTags(
  client: DynamoDBClient,
  { TableArn: source }: TableDescription,
  { TableArn: ResourceArn }: TableDescription,
): Promise<void> {
  const Tags = [];
  let NextToken: string | undefined;
  do {
    const page = await client.send(
      new ListTagsOfResourceCommand({ ResourceArn: source, NextToken }),
    );
    // Only CloudFormation may set tags that begin with `aws:`.
    Tags.push(...(page.Tags ?? []).filter(({ Key }) => !Key?.startsWith('aws:')));
    ({ NextToken } = page);
  } while (NextToken);
  if (Tags.length > 0) await client.send(new TagResourceCommand({ ResourceArn, Tags }));
}

async function copyRecovery({ client, sleep }: Ports, from: string, to: string): Promise<void> {
  if (!(await hasRecovery(client, from))) return;
  for (let round = 0; !(await hasRecovery(client, to)); round += 1) {
    const PointInTimeRecoverySpecification = { PointInTimeRecoveryEnabled: true };
    const enabled = await client
      .send(new UpdateContinuousBackupsCommand({ TableName: to, PointInTimeRecoverySpecification }))
      .catch(ignore(ContinuousBackupsUnavailableException)); // for some time after a restore
    if (enabled) return;
    await sleep(pauseAfter(round));
  }
}

async function hasRecovery(client: DynamoDBClient, TableName: string): Promise<boolean> {
  const { ContinuousBackupsDescription: backups } = await client.send(
    new DescribeContinuousBackupsCommand({ TableName }),
  );
  return backups?.PointInTimeRecoveryDescription?.PointInTimeRecoveryStatus === 'ENABLED';
}

const describe = (client: DynamoDBClient, TableName: string) =>
  client
    .send(new DescribeTableCommand({ TableName }))
    .then(({ Table }) => Table, ignore(ResourceNotFoundException));

/** Turns these kinds of errors into nothing. */
const ignore =
  (...kinds: readonly (abstract new (...args: never[]) => Error)[]) =>
  (thrown: unknown): undefined => {
    if (!kinds.some((kind) => thrown instanceof kind)) throw thrown;
  };
