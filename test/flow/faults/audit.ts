import { type Body, painted } from '../open-world.ts';
import type { FaultWorld } from './fault-world.ts';
import type { End } from './paths.ts';
import { some } from './walk.ts';

/** A task that is over, or ought to be: its id, and the words it was asked for with. */
export type Suspect = { readonly id: string; readonly prompt: string };

/** A task, how it may have ended, and how its callback may have. */
export type Charge = Suspect & {
  readonly ends: readonly End[];
  readonly told?: readonly string[];
};

type Evidence = {
  readonly entries: ReadonlyMap<unknown, readonly Body[]>;
  /** How often the provider has been asked for these words. */
  readonly submits: ReadonlyMap<string, readonly Body[]>;
};

const price = 1200;
const atOnce = 4;

/** What is wrong with each of these tasks; nothing, where nothing is. */
export async function auditTasks(
  world: FaultWorld,
  charges: readonly Charge[],
): Promise<readonly (readonly string[])[]> {
  const [entries, { jobs }] = await Promise.all([world.entries(), painted(world)]);
  const evidence = {
    entries: Map.groupBy(entries, ({ taskId }) => taskId),
    submits: Map.groupBy<string, Body>(jobs, ({ prompt }) => prompt),
  };
  return some(atOnce, charges, (charge) => auditTask(world, evidence, charge));
}

async function auditTask(
  world: FaultWorld,
  { entries, submits }: Evidence,
  { id, prompt, ends, told = ['delivered'] }: Charge,
): Promise<readonly string[]> {
  const [row, { body: shown }] = await Promise.all([
    world.dynamoItem(id),
    world.call('GET', `/v1/tasks/${id}`),
  ]);
  const { length: asked } = submits.get(prompt) ?? [];
  return [
    ...(row['dueAt'] === undefined ? [] : ['somebody still has to look at it']),
    ...endFaults(row, ends),
    ...moneyFaults(entries.get(id) ?? [], row),
    ...(asked > 1 ? [`the provider was asked ${asked} times`] : []),
    ...(shown.status === row['status'] ? [] : [`it is shown as ${shown.status}`]),
    ...(await resultFaults(shown)),
    ...(row['callbackUrl'] === undefined ? [] : callbackFaults(world, row, told)),
  ];
}

const wordsOf = ({ status, code, images }: End): string =>
  code ? `${status}: ${code}` : `${status}: ${images} image(s)`;

const imagesOf = (row: Body): number => row['images']?.length ?? 0;

function endFaults(row: Body, ends: readonly End[]): readonly string[] {
  const images = imagesOf(row);
  const said = wordsOf({ status: row['status'], images, code: row['failure']?.code });
  const expected = ends.map(wordsOf);
  return expected.includes(said) ? [] : [`it is ${said}, not ${expected.join(' or ')}`];
}

function moneyFaults(entries: readonly Body[], row: Body): readonly string[] {
  const due = imagesOf(row) * price;
  const kinds = entries.map(({ kind }) => kind).join();
  const charged = entries.find(({ kind }) => kind === 'settle')?.charged;
  return [
    ...(kinds === 'reserve,settle' ? [] : [`its entries are ${kinds}`]),
    ...(row['charged'] === due ? [] : [`it was charged ${row['charged']}, not ${due}`]),
    ...(charged === due ? [] : [`its entry says ${charged}, not ${due}`]),
  ];
}

async function resultFaults({ results = [] }: Body): Promise<readonly string[]> {
  const answers: readonly Response[] = await Promise.all(results.map((url: string) => fetch(url)));
  const pictures = await Promise.all(answers.map((answer) => answer.bytes()));
  return answers.flatMap(({ status, headers }, index) => {
    const isPicture = headers.get('content-type') === 'image/png' && pictures[index]?.[1] === 0x50;
    return status === 200 && isPicture ? [] : [`result ${index + 1} cannot be had: ${status}`];
  });
}

function callbackFaults(
  { caller }: FaultWorld,
  { id, status, callback }: Body,
  told: readonly string[],
): readonly string[] {
  const heard = caller.about(id);
  const events = new Set(heard.map(({ eventId }) => eventId));
  return [
    ...(heard.length > 0 ? [] : ['its caller was never told']),
    ...(told.includes(callback?.state) ? [] : [`its callback is ${callback?.state}`]),
    ...(events.size < 2 ? [] : ['its caller was told of several events']),
    ...heard.flatMap(({ complaint }) => (complaint ? [complaint] : [])),
    ...heard.flatMap(({ body }) => {
      const { status: said } = JSON.parse(body);
      return said === status ? [] : [`its caller was told that it is ${said}`];
    }),
  ];
}

/** What is wrong with the money of the account, at a moment when no task runs. */
export async function auditMoney(world: FaultWorld): Promise<readonly string[]> {
  const [funds, entries] = await Promise.all([world.account(), world.entries()]);
  const { granted = 0, balance = 0, reserved = 0, used = 0, inFlight = 0 } = funds;
  const broken = entries.filter(({ number, amount, balance: after }, index) => {
    const before = Number(entries[index - 1]?.['balance'] ?? 0);
    return number !== index + 1 || after !== before + Number(amount);
  });
  return [
    ...(granted === balance + reserved + used ? [] : ['what was granted is not what there is']),
    ...(reserved === 0 && inFlight === 0 ? [] : [`${reserved} is held for ${inFlight} task(s)`]),
    ...broken.map(({ number }) => `entry ${number} does not follow the one before it`),
    ...(entries.at(-1)?.['balance'] === balance ? [] : ['the last entry says another balance']),
    ...(entries.length === funds['entries'] ? [] : [`there are ${entries.length} entries`]),
  ];
}
