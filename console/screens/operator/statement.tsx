import { Link } from 'wouter';
import { api, bodyOf } from '../../api/client.ts';
import type { components } from '../../api/schema.d.ts';
import { Failure } from '../../parts/failure.tsx';
import { Foreign } from '../../parts/foreign.tsx';
import { localTime, number } from '../../parts/format.ts';
import { useAction } from '../../parts/use-action.ts';
import { saveAs } from '../result/save.ts';
import { allPages } from '../usage/all-pages.ts';
import { csvOf } from './csv.ts';
import { type Column, Listed } from './listed.tsx';
import { type PageCursor, usePages } from './use-pages.ts';

type Entry = components['schemas']['Entry'];

/** The largest page that the API returns. */
const pageSize = 100;
const maxPages = 100;

const readEntries = (account: string, cursor: PageCursor, signal?: AbortSignal) =>
  bodyOf(
    api.GET('/v1/admin/accounts/{account}/entries', {
      ...(signal && { signal }),
      params: { path: { account }, query: { limit: pageSize, ...cursor } },
    }),
  );

/** Every entry in the ledger of an account, the newest first. */
export function Statement({ account }: { readonly account: string }) {
  const pages = usePages({
    queryKey: ['entries', account],
    read: (cursor, signal) => readEntries(account, cursor, signal),
  });
  return (
    <div className="stack">
      <Export account={account} />
      <Listed
        pages={pages}
        what="entries"
        whenEmpty="Nothing has changed its credits yet."
        columns={columns}
        keyOf={({ id }) => id}
      />
    </div>
  );
}

const kinds: Readonly<Record<Entry['kind'], string>> = {
  grant: 'Granted',
  withdraw: 'Withdrawn',
  reserve: 'Reserved for a task',
  settle: 'Task settled',
};

const columns: readonly Column<Entry>[] = [
  { name: 'When', of: ({ created }) => localTime(created) },
  { name: 'What', of: ({ kind }) => kinds[kind] },
  { name: 'Credits', isAmount: true, of: ({ amount_credits }) => number(amount_credits) },
  {
    name: 'Charged',
    isAmount: true,
    of: ({ charged_credits }) => (charged_credits === null ? '–' : number(charged_credits)),
  },
  {
    name: 'Balance',
    isAmount: true,
    of: ({ balance_credits }) => (balance_credits === null ? '–' : number(balance_credits)),
  },
  { name: 'For', of: (entry) => <Cause entry={entry} /> },
];

function Cause({ entry: { task_id, note } }: { readonly entry: Entry }) {
  return (
    <>
      {task_id !== null && (
        <Link href={`/console/operator/tasks/${task_id}`}>
          <code>{task_id}</code>
        </Link>
      )}
      {note !== null && <Foreign text={note} lines={2} />}
    </>
  );
}

const names = [
  'id',
  'created',
  'kind',
  'amount_credits',
  'balance_credits',
  'charged_credits',
  'task_id',
  'key_id',
  'note',
] as const satisfies readonly (keyof Entry)[];

function Export({ account }: { readonly account: string }) {
  const save = useAction({
    mutationFn: async () => {
      const { rows, isWhole } = await allPages<Entry>(
        (cursor) => readEntries(account, cursor === undefined ? {} : { cursor }),
        maxPages,
      );
      const csv = csvOf(
        names,
        rows.map((row) => names.map((name) => row[name])),
      );
      saveAs(new Blob([csv], { type: 'text/csv' }), `entries-of-${account}.csv`);
      return { isWhole, count: rows.length };
    },
  });
  return (
    <>
      <p className="actions">
        <button type="button" aria-disabled={save.isPending} onClick={() => save.mutate()}>
          {save.isPending ? 'Reading all entries' : 'Download CSV'}
        </button>
      </p>
      {save.data?.isWhole === false && (
        <p className="warning" role="status">
          The file has the newest {number(save.data.count)} entries. There are older ones:{' '}
          <code>darkroom accounts entries</code> reads them all.
        </p>
      )}
      {save.error && <Failure what="The entries were not saved." error={save.error} />}
    </>
  );
}
