import { readFile, writeFile } from 'node:fs/promises';
import * as z from 'zod';
import { type TableName, tableNames } from '../../functions/domain/model/storage-names.ts';
import { parseJson } from '../api/api-caller.ts';
import type { Outputs } from '../doctor/read-outputs.ts';
import { CliError, fileError, usageError } from '../program/cli-error.ts';

const Name = z.string().min(1);
const ofTables = <Value extends z.ZodType>(value: Value) => z.record(z.enum(tableNames), value);

/**
 * What is restored, and to which tables. An interrupted restore goes on with the plan, and the commands after a restore
 * read it.
 */
const Plan = z.object({
  /** As an ISO date in UTC, to the second, which is as exact as a restore is. */
  moment: z.iso.datetime(),
  /** The tables in use when the restore began, and those that take their places. */
  tables: ofTables(z.object({ from: Name, to: Name })),
  stateMachine: Name,
  reconciler: Name,
});
export type Plan = z.output<typeof Plan>;

/**
 * Makes the plan. The new names follow from the old ones and the moment, so that a repeated restore has the same names,
 * also when the plan is lost.
 * @throws {CliError} when an output is missing, or the tables in use are those of this moment already
 */
export function makePlan(outputs: Outputs, momentMs: number): Plan {
  const { StateMachine: stateMachine, Reconciler: reconciler } = outputs;
  const tables = ofTables(Name).safeParse(parseJson(outputs.TableNames ?? '')).data;
  if (!tables || stateMachine === undefined || reconciler === undefined) {
    throw new CliError(
      'The outputs of the stack do not name its tables: deploy this version with --outputs-file',
    );
  }
  const moment = new Date(Math.floor(momentMs / 1000) * 1000).toISOString();
  const pairs = Object.entries(tables).map(([name, from]) => [
    name,
    { from, to: restoredName(from, moment) },
  ]);
  const plan = { moment, tables: Object.fromEntries(pairs), stateMachine, reconciler };
  if (pairsOf(plan).some(({ from, to }) => from === to)) {
    throw new CliError(`The tables in use are those of ${moment} already`);
  }
  return plan;
}

const maxNameLength = 255;

/** The name of a table with the moment at its end, in the place of the moment of an earlier restore. */
function restoredName(from: string, moment: string): string {
  const suffix = `-at-${moment.replaceAll(/[-:]|\.\d+/g, '')}`;
  return from.replace(/-at-\d{8}T\d{6}Z$/, '').slice(0, maxNameLength - suffix.length) + suffix;
}

export type TablePair = { readonly name: TableName; readonly from: string; readonly to: string };

export const pairsOf = ({ tables }: Plan): readonly TablePair[] =>
  tableNames.map((name) => ({ name, ...tables[name] }));

/** The setting by which the stack uses the restored tables. */
export const settingOf = (plan: Plan): string =>
  JSON.stringify(
    { restoredTables: Object.fromEntries(pairsOf(plan).map(({ name, to }) => [name, to])) },
    undefined,
    2,
  );

/** @throws {CliError} when there is none, or the file is something else */
export async function readPlan(path: string): Promise<Plan> {
  const text = await readFile(path, 'utf8').catch((thrown: unknown) => {
    throw fileError(`Cannot read the plan ${path}`, thrown);
  });
  const plan = Plan.safeParse(parseJson(text));
  if (!plan.success) throw new CliError(`${path} is no plan of a restore`);
  return plan.data;
}

/**
 * Writes the plan before anything is restored. The file may have the same plan already.
 * @throws {CliError} when it has another plan: no other place says which table is which
 */
export async function writePlan(path: string, plan: Plan): Promise<void> {
  const text = `${JSON.stringify(plan, undefined, 2)}\n`;
  try {
    await writeFile(path, text, { flag: 'wx' });
  } catch (thrown) {
    const isThere = thrown instanceof Error && 'code' in thrown && thrown.code === 'EEXIST';
    if (!isThere) throw fileError(`Cannot write the plan ${path}`, thrown);
    if (JSON.stringify(await readPlan(path)) === JSON.stringify(Plan.parse(plan))) return;
    throw usageError(
      `${path} is the plan of another restore: name another file with --plan, or continue that one with its moment`,
    );
  }
}
