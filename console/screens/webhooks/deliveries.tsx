import { useInfiniteQuery } from '@tanstack/react-query';
import { Link, useSearchParams } from 'wouter';
import { api, bodyOf } from '../../api/client.ts';
import { pollMsOf } from '../../api/poll.ts';
import { queryClient, taskQuery } from '../../api/queries.ts';
import type { components } from '../../api/schema.d.ts';
import { type DeliveryStatus, deliveryTexts } from '../../parts/delivery-text.ts';
import { Failure } from '../../parts/failure.tsx';
import { Foreign } from '../../parts/foreign.tsx';
import { localTime } from '../../parts/format.ts';
import { Loading } from '../../parts/loading.tsx';
import { TimeAgo } from '../../parts/time-ago.tsx';
import { useAction } from '../../parts/use-action.ts';
import { useRights } from '../../session/rights.ts';
import { session } from '../../session/session.ts';

type Delivery = components['schemas']['DeliveryList']['data'][number];

const pageSize = 20;
const busyPollMs = 3000;
const idlePollMs = 15_000;

const words: Readonly<Record<DeliveryStatus, string>> = {
  pending: 'Not sent yet',
  retrying: 'Retrying',
  delivered: 'Delivered',
  undelivered: 'Given up',
};
const statuses = Object.keys(words) as DeliveryStatus[];

const isMoving = ({ status }: Delivery): boolean => status === 'pending' || status === 'retrying';

const useDeliveries = (status: DeliveryStatus | undefined) =>
  useInfiniteQuery({
    queryKey: ['deliveries', status],
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam, signal }) =>
      bodyOf(
        api.GET('/v1/webhooks/deliveries', {
          signal,
          params: {
            query: {
              limit: pageSize,
              ...(status && { status }),
              ...(pageParam !== undefined && { cursor: pageParam }),
            },
          },
        }),
      ),
    getNextPageParam: ({ next_cursor }) => next_cursor ?? undefined,
    refetchInterval: ({ state: { data } }) => {
      if (session.current().key === undefined) return false;
      const isBusy = data?.pages.some((page) => page.data.some(isMoving));
      return pollMsOf(data?.pages.length ?? 1, isBusy ? busyPollMs : idlePollMs);
    },
  });

/** The callbacks of the account, the newest first: the status of each, and the last response of its receiver. */
export function Deliveries() {
  const [query, setQuery] = useSearchParams();
  const status = statuses.find((one) => one === query.get('status'));
  const list = useDeliveries(status);
  const deliveries = list.data?.pages.flatMap(({ data }) => data);
  return (
    <section className="panel" aria-labelledby="deliveries">
      <h2 id="deliveries">Recent deliveries</h2>
      <fieldset className="filters">
        <legend className="sr-only">Which deliveries</legend>
        {[undefined, ...statuses].map((one) => (
          <button
            key={one ?? 'all'}
            type="button"
            className="chip"
            aria-pressed={status === one}
            onClick={() => setQuery(one === undefined ? {} : { status: one })}
          >
            {one === undefined ? 'All' : words[one]}
          </button>
        ))}
      </fieldset>
      {list.error && (
        <Failure
          what="The deliveries could not be loaded."
          error={list.error}
          onRetry={() => list.refetch()}
        />
      )}
      {!deliveries && !list.error && <Loading what="the deliveries" lines={4} />}
      {deliveries?.length === 0 && (
        <p>
          {list.hasNextPage
            ? 'There is none among the newest tasks. Older tasks were not searched yet.'
            : 'There is none.'}
        </p>
      )}
      {deliveries && deliveries.length > 0 && <DeliveryTable deliveries={deliveries} />}
      {list.hasNextPage && (
        <p>
          <button
            type="button"
            aria-disabled={list.isFetchingNextPage}
            onClick={() => list.fetchNextPage()}
          >
            {list.isFetchingNextPage ? 'Loading' : 'Show older deliveries'}
          </button>
        </p>
      )}
    </section>
  );
}

function DeliveryTable({ deliveries }: { readonly deliveries: readonly Delivery[] }) {
  const { mayGenerate } = useRights();
  return (
    <table className="cards deliveries">
      <thead>
        <tr>
          <th scope="col">Task</th>
          <th scope="col">Status</th>
          <th scope="col">Last attempt</th>
          <th scope="col">Answer</th>
          <th scope="col" className="amount">
            Attempts
          </th>
          {mayGenerate && (
            <th scope="col">
              <span className="sr-only">Action</span>
            </th>
          )}
        </tr>
      </thead>
      <tbody>
        {deliveries.map((delivery) => (
          <Row key={delivery.task_id} delivery={delivery} mayRedeliver={mayGenerate} />
        ))}
      </tbody>
    </table>
  );
}

type RowProps = { readonly delivery: Delivery; readonly mayRedeliver: boolean };

function Row({ delivery, mayRedeliver }: RowProps) {
  const { task_id, status, url, attempt_count, last_attempt, next_attempt_at } = delivery;
  return (
    <tr>
      <th scope="row">
        <Link href={`/console/tasks/${task_id}`}>
          <code>{task_id}</code>
        </Link>
        <span className="caption">
          <Foreign text={url} lines={2} />
        </span>
      </th>
      <td>
        <strong className={`delivery-${status}`} title={deliveryTexts[status]}>
          {words[status]}
        </strong>
        {next_attempt_at !== null && (
          <span className="caption"> next by {localTime(next_attempt_at)}</span>
        )}
      </td>
      <td data-label="Last attempt">
        {last_attempt === null ? '–' : <TimeAgo at={last_attempt.at} />}
      </td>
      <td data-label="Answer">
        <Answer attempt={last_attempt} />
      </td>
      <td className="amount" data-label="Attempts">
        {attempt_count}
      </td>
      {mayRedeliver && (
        <td>
          <DeliverAgain taskId={task_id} isMoving={isMoving(delivery)} />
        </td>
      )}
    </tr>
  );
}

function Answer({ attempt }: { readonly attempt: Delivery['last_attempt'] }) {
  if (attempt === null) return <>–</>;
  const { status, reason, response_text, ms } = attempt;
  return (
    <span>
      {status ?? 'none'} · {ms} ms
      {reason !== null && (
        <span className="caption">
          {' '}
          <Foreign text={reason} lines={3} />
        </span>
      )}
      {response_text !== null && response_text !== '' && (
        <span className="caption">
          <Foreign text={response_text} lines={2} />
        </span>
      )}
    </span>
  );
}

function DeliverAgain({
  taskId,
  isMoving,
}: {
  readonly taskId: string;
  readonly isMoving: boolean;
}) {
  const again = useAction({
    mutationFn: () =>
      bodyOf(api.POST('/v1/tasks/{task_id}/callback', { params: { path: { task_id: taskId } } })),
    onSettled: () =>
      Promise.all([
        queryClient.invalidateQueries({ queryKey: ['deliveries'] }),
        queryClient.invalidateQueries(taskQuery(taskId)),
      ]),
  });
  const isBusy = again.isPending || isMoving;
  return (
    <>
      <button
        type="button"
        aria-disabled={isBusy}
        aria-label={`Deliver again: ${taskId}`}
        onClick={() => {
          if (!isBusy) again.mutate();
        }}
      >
        {again.isPending ? 'Asking' : 'Deliver again'}
      </button>
      {again.error && <Failure what="The callback was not sent again." error={again.error} />}
    </>
  );
}
