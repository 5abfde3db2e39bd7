/** How much a provider accepts from one operator. */
export type Capacity = {
  /** How many jobs it runs at once. */
  readonly running: number;
  /** How many jobs may be submitted each second; absent: as many as there are slots for. */
  readonly submitsPerSecond?: number | undefined;
  /**
   * How many more jobs may wait at the provider, so that it can begin the next one at once. Only for a provider that
   * queues: any other would refuse them.
   */
  readonly ahead?: number | undefined;
};

/**
 * How long a function waits for a provider that was busy, in milliseconds. The reconciler ends longer pauses.
 */
export const maxIdlePauseMs = 10_000;

/** A capacity as a text: `running=5,submitsPerSecond=5,ahead=1`. An empty text is no limit. */
export const capacityPattern =
  '^(running=[0-9]{1,5}(,submitsPerSecond=[1-9][0-9]{0,3})?(,ahead=[0-9]{1,4})?)?$';

/** @throws {Error} when the text is no capacity */
export function parseCapacity(text: string): Capacity | undefined {
  if (!new RegExp(capacityPattern).test(text)) throw new Error(`${text} is no capacity`);
  if (text === '') return undefined;
  const given = new Map(text.split(',').map((part) => [part.split('=')[0], part.split('=')[1]]));
  const numberOf = (name: keyof Capacity) =>
    given.has(name) ? Number(given.get(name)) : undefined;
  return {
    running: numberOf('running') ?? 0,
    submitsPerSecond: numberOf('submitsPerSecond'),
    ahead: numberOf('ahead'),
  };
}

/** The text of a capacity, as `parseCapacity` reads it. */
export const formatCapacity = ({ running, submitsPerSecond, ahead }: Capacity): string =>
  [
    `running=${running}`,
    ...(submitsPerSecond === undefined ? [] : [`submitsPerSecond=${submitsPerSecond}`]),
    ...(ahead === undefined ? [] : [`ahead=${ahead}`]),
  ].join(',');

/** What limits a provider, and whether it counts by model. */
export type ProviderCapacity = {
  /** Absent: no limits. */
  readonly capacity?: Capacity | undefined;
  readonly countedBy: 'provider' | 'model';
};

/** The sandbox of test mode does one job at a time, for all accounts, so that waiting for a slot can be tried. */
export const sandboxCapacity: ProviderCapacity = {
  capacity: { running: 1 },
  countedBy: 'provider',
};
