import type { Funds } from '../model/account.ts';

/** What does not add up in an account, or in the row of a key. Amounts are in milli-credits. */
export type Discrepancy = {
  /** The account, or the row of a key. */
  readonly of: string;
  /** The shard; absent for what only holds for all shards together. */
  readonly shard?: number | undefined;
  readonly rule: string;
  readonly expected: number;
  readonly found: number;
};

type Granted = Pick<Funds, 'granted' | 'balance' | 'reserved' | 'used'>;

/** What tasks that have not ended hold in a shard: their reservations, and how many they are. */
export type OpenTasks = Pick<Funds, 'reserved' | 'inFlight'>;

/** One account as it is stored. */
export type AccountSnapshot = {
  readonly account: string;
  readonly shards: ReadonlyMap<number, Funds>;
  /** The sum of the amounts of all entries of its ledger. */
  readonly entered: number;
  /** What its open tasks hold, by shard. */
  readonly open: ReadonlyMap<number, OpenTasks>;
};

const nothing: Granted = { granted: 0, balance: 0, reserved: 0, used: 0 };

/** The rule of every row of money, also of a key: each credit that was granted is in the balance, reserved or used. */
export function auditRow(of: string, row: Granted, shard?: number): readonly Discrepancy[] {
  const { granted, balance, reserved, used } = row;
  const found = balance + reserved + used;
  const rule = 'granted = balance + reserved + used';
  return found === granted ? [] : [{ of, shard, rule, expected: granted, found }];
}

/**
 * Compares the shards of an account with each other, with its ledger and with its open tasks. The rows are read at different
 * moments, so the result is exact only while no task is created or settled.
 */
export function auditAccount({
  account,
  shards,
  entered,
  open,
}: AccountSnapshot): readonly Discrepancy[] {
  const numbers = new Set([...shards.keys(), ...open.keys()]);
  const balance = [...shards.values()].reduce((sum, row) => sum + row.balance, 0);
  return [
    ...[...numbers].flatMap((shard) => [
      ...auditRow(account, shards.get(shard) ?? nothing, shard),
      ...auditOpenTasks(account, shard, shards.get(shard), open.get(shard)),
    ]),
    ...(entered === balance
      ? []
      : [
          {
            of: account,
            rule: 'balance = the sum of all entries',
            expected: entered,
            found: balance,
          },
        ]),
  ];
}

function auditOpenTasks(
  of: string,
  shard: number,
  { reserved = 0, inFlight = 0 }: Partial<OpenTasks> = {},
  open: OpenTasks = { reserved: 0, inFlight: 0 },
): readonly Discrepancy[] {
  const rules = [
    ['reserved = what its open tasks have reserved', open.reserved, reserved],
    ['in flight = how many open tasks it has', open.inFlight, inFlight],
  ] as const;
  return rules.flatMap(([rule, expected, found]) =>
    expected === found ? [] : [{ of, shard, rule, expected, found }],
  );
}
