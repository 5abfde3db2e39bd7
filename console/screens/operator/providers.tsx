import { useQuery } from '@tanstack/react-query';
import { api, bodyOf } from '../../api/client.ts';
import type { components } from '../../api/schema.d.ts';
import { Failure } from '../../parts/failure.tsx';
import { duration, localTime, number } from '../../parts/format.ts';
import { Loading } from '../../parts/loading.tsx';
import { TimeAgo } from '../../parts/time-ago.tsx';
import { useAction } from '../../parts/use-action.ts';
import { useTitle } from '../../parts/use-title.ts';
import { session } from '../../session/session.ts';
import { Table } from './listed.tsx';

type Provider = components['schemas']['ProviderList']['data'][number];

const pollMs = 15_000;

/** The providers: their order, their keys, their load, their speed, and what they refused. */
export function Providers() {
  useTitle('Providers');
  const { data, error, refetch } = useQuery({
    queryKey: ['providers'],
    queryFn: ({ signal }) => bodyOf(api.GET('/v1/admin/providers', { signal })),
    refetchInterval: () => (session.current().key === undefined ? false : pollMs),
  });
  return (
    <>
      <header className="screen-head">
        <h1>Providers</h1>
      </header>
      {error && (
        <Failure what="The providers could not be read." error={error} onRetry={() => refetch()} />
      )}
      {!data && !error && <Loading what="the providers" lines={8} />}
      <div className="provider-list">
        {data?.data.map((provider) => (
          <ProviderPanel key={provider.id} provider={provider} />
        ))}
      </div>
    </>
  );
}

function ProviderPanel({ provider }: { readonly provider: Provider }) {
  const { id, position, has_key, capacity, models, slots } = provider;
  return (
    <section className="panel" aria-labelledby={`provider-${id}`}>
      <h2 id={`provider-${id}`}>{id}</h2>
      <p className="soft">
        {position === null ? 'Not offered' : `Tried as number ${position}`}
        {' · '}
        <span className={has_key ? 'delivery-delivered' : 'delivery-undelivered'}>
          {has_key ? 'a key is stored' : 'no key: it is left out'}
        </span>
      </p>
      <TryKey id={id} />
      <dl className="facts">
        <dt>Takes at once</dt>
        <dd>
          {capacity === null
            ? 'any number of jobs'
            : `${number(capacity.running)} jobs${capacity.ahead > 0 ? `, and ${number(capacity.ahead)} more wait there` : ''}`}
        </dd>
        {capacity?.submits_per_second != null && (
          <>
            <dt>Accepts</dt>
            <dd>{number(capacity.submits_per_second)} a second</dd>
          </>
        )}
        {models.map((model) => (
          <ModelFact key={model.id} model={model} />
        ))}
      </dl>
      {slots.length > 0 && <Slots slots={slots} />}
      <Rejections rejections={provider.rejections} />
    </section>
  );
}

const trialTexts = {
  accepted: 'It takes the key.',
  rejected: 'It rejects the key.',
  unclear: 'It could not be reached, or did not say.',
  no_key: 'No key is stored.',
} as const;

/** Tries the stored key, which costs nothing. */
function TryKey({ id }: Pick<Provider, 'id'>) {
  const trial = useAction({
    mutationFn: () =>
      bodyOf(
        api.POST('/v1/admin/providers/{provider}/try', { params: { path: { provider: id } } }),
      ),
  });
  return (
    <>
      <div className="actions">
        <button
          type="button"
          aria-label={`Try the key of ${id}`}
          aria-disabled={trial.isPending}
          onClick={() => trial.mutate()}
        >
          {trial.isPending ? 'Asking' : 'Try the key'}
        </button>
        {trial.data && !trial.isPending && (
          <span role="status">
            <strong
              className={
                trial.data.result === 'accepted' ? 'delivery-delivered' : 'delivery-undelivered'
              }
            >
              {trialTexts[trial.data.result]}
            </strong>{' '}
            <span className="soft">
              {trial.data.status ?? 'no answer'} · {trial.data.ms} ms
            </span>
          </span>
        )}
      </div>
      {trial.error && <Failure what="The key was not tried." error={trial.error} />}
    </>
  );
}

function ModelFact({ model }: { readonly model: Provider['models'][number] }) {
  return (
    <>
      <dt className="break">{model.id}</dt>
      <dd>typically {duration(model.typical_seconds)}</dd>
    </>
  );
}

function Slots({ slots }: Pick<Provider, 'slots'>) {
  return (
    <Table
      rows={slots}
      keyOf={({ name }) => name}
      columns={[
        { name: 'Slots of', of: ({ name }) => <code>{name}</code> },
        {
          name: 'Taken',
          isAmount: true,
          of: ({ taken, total }) =>
            total === null ? number(taken) : `${number(taken)} of ${number(total)}`,
        },
        { name: 'Waiting', isAmount: true, of: ({ waiting }) => number(waiting) },
        {
          name: 'Oldest',
          of: ({ oldest_waiting_since }) =>
            oldest_waiting_since === null ? '–' : <TimeAgo at={oldest_waiting_since} />,
        },
        {
          name: 'Paused',
          of: ({ paused_until }) =>
            paused_until === null ? 'no' : `until ${localTime(paused_until)}`,
        },
      ]}
    />
  );
}

/** The rejections of seven days, added up by code. */
function Rejections({ rejections }: Pick<Provider, 'rejections'>) {
  const counts = new Map<string, number>();
  for (const { code, count } of rejections) counts.set(code, (counts.get(code) ?? 0) + count);
  const rows = [...counts].toSorted(([, a], [, b]) => b - a);
  if (rows.length === 0) return <p className="soft">It has refused nothing for seven days.</p>;
  return (
    <Table
      rows={rows}
      keyOf={([code]) => code}
      columns={[
        { name: 'Refused in seven days', of: ([code]) => <code>{code}</code> },
        { name: 'Jobs', isAmount: true, of: ([, count]) => number(count) },
      ]}
    />
  );
}
