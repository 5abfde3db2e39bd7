import { type FormEvent, useState } from 'react';
import { api, bodyOf } from '../../api/client.ts';
import { queryClient, refreshTasks } from '../../api/queries.ts';
import { Failure } from '../../parts/failure.tsx';
import { Foreign } from '../../parts/foreign.tsx';
import { Loading } from '../../parts/loading.tsx';
import { ReplaceSecret } from '../../parts/replace-secret.tsx';
import { useAction } from '../../parts/use-action.ts';
import { useTitle } from '../../parts/use-title.ts';
import { useRights } from '../../session/rights.ts';
import { Deliveries } from './deliveries.tsx';
import { type Check, verify } from './verify.ts';

/** What a receiver of callbacks needs: an event to try it with, the secret, and help when a signature does not fit. */
export function Webhooks() {
  useTitle('Webhooks');
  const rights = useRights();
  if (!rights.isKnown) return <Loading what="webhooks" />;
  return (
    <>
      <h1>Webhooks</h1>
      <p className="soft">
        When a task with a callback address has ended, the service sends it there, signed with the
        secret of the account. Every attempt is on the page of its task.
      </p>
      <Deliveries />
      <div className="task-columns">
        <div>
          <TestEvent mayTest={rights.mayManage} />
          <Verifier />
        </div>
        <div>
          {rights.mayGenerate && <GivenUp />}
          <Secret keyId={rights.keyId} mayRotate={rights.mayManage} />
        </div>
      </div>
    </>
  );
}

const needsManage = 'This needs a key with the scope manage.';

function TestEvent({ mayTest }: { readonly mayTest: boolean }) {
  const [url, setUrl] = useState('');
  const test = useAction({
    mutationFn: () => bodyOf(api.POST('/v1/webhooks/test', { body: { url: url.trim() } })),
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    test.mutate();
  };
  return (
    <section className="panel">
      <h2>Try a receiver</h2>
      {mayTest ? (
        <form onSubmit={submit} className="sign-in-form" noValidate>
          <label>
            Address
            <input
              type="url"
              placeholder="https://"
              value={url}
              onInput={({ currentTarget }) => setUrl(currentTarget.value)}
            />
          </label>
          <p className="actions">
            <button type="submit" className="primary" aria-disabled={test.isPending}>
              {test.isPending ? 'Waiting for the answer' : 'Send a test event'}
            </button>
          </p>
        </form>
      ) : (
        <p>{needsManage}</p>
      )}
      {test.error && <Failure what="The event was not sent." error={test.error} />}
      {test.data && (
        <div role="status">
          <p>
            <strong className={test.data.delivered ? 'delivery-delivered' : 'delivery-undelivered'}>
              {test.data.delivered ? 'Delivered' : 'Not delivered'}
            </strong>{' '}
            <span className="soft">
              {test.data.status ?? 'no answer'} · {test.data.ms} ms
            </span>
          </p>
          {test.data.reason !== null && <Foreign text={test.data.reason} />}
          {test.data.response_text !== null && test.data.response_text !== '' && (
            <pre className="code">
              <Foreign text={test.data.response_text} />
            </pre>
          )}
        </div>
      )}
    </section>
  );
}

const hours = [1, 24, 168] as const;

function GivenUp() {
  const [since, setSince] = useState<number>(24);
  const again = useAction({
    mutationFn: () =>
      bodyOf(
        api.POST('/v1/tasks/callbacks', {
          body: { since: Math.floor(Date.now() / 1000) - since * 3600 },
        }),
      ),
    onSuccess: () =>
      Promise.all([refreshTasks(), queryClient.invalidateQueries({ queryKey: ['deliveries'] })]),
  });
  return (
    <section className="panel">
      <h2>Callbacks that were given up</h2>
      <p>After your receiver was away, all of them can be sent once more.</p>
      <div className="actions">
        <select
          className="inline"
          aria-label="Since"
          value={since}
          onChange={({ currentTarget }) => setSince(Number(currentTarget.value))}
        >
          {hours.map((one) => (
            <option key={one} value={one}>
              {one === 1 ? 'Last hour' : `Last ${one} hours`}
            </option>
          ))}
        </select>
        <button type="button" aria-disabled={again.isPending} onClick={() => again.mutate()}>
          Deliver again
        </button>
      </div>
      {again.error && <Failure what="They were not sent again." error={again.error} />}
      {again.data && (
        <p role="status">
          {again.data.scheduled === 0
            ? 'There was none.'
            : `${again.data.scheduled} are being sent.`}
          {again.data.has_more && ' There are more: deliver again for the next ones.'}
        </p>
      )}
    </section>
  );
}

type SecretProps = { readonly keyId: string | undefined; readonly mayRotate: boolean };

function Secret({ keyId, mayRotate }: SecretProps) {
  const [isAsking, ask] = useState(false);
  const request = async () => {
    const path = { key_id: keyId ?? '' };
    const { account } = await bodyOf(api.GET('/v1/admin/keys/{key_id}', { params: { path } }));
    return bodyOf(
      api.POST('/v1/admin/accounts/{account}/webhook-secret', {
        params: { path: { account } },
        body: {},
      }),
    );
  };
  return (
    <section className="panel">
      <h2>Secret</h2>
      <p>
        It begins with <code>whsec_</code> and was shown when the account was made. It cannot be
        shown again, only replaced.
      </p>
      {mayRotate ? (
        <p className="actions">
          <button type="button" onClick={() => ask(true)}>
            Replace the secret
          </button>
        </p>
      ) : (
        <p>{needsManage}</p>
      )}
      {isAsking && (
        <ReplaceSecret request={request} onClose={() => ask(false)}>
          <p>
            For some time callbacks are signed with both secrets, so that receivers can change over.
            After that only the new one fits.
          </p>
        </ReplaceSecret>
      )}
    </section>
  );
}

function Verifier() {
  const [pasted, setPasted] = useState({ headers: '', body: '', secret: '' });
  const [checks, setChecks] = useState<readonly Check[] | undefined>();
  const change = (part: Partial<typeof pasted>) => {
    setPasted({ ...pasted, ...part });
    setChecks(undefined);
  };
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setChecks(await verify(pasted, Date.now() / 1000));
  };
  return (
    <section className="panel">
      <h2>Which part is wrong?</h2>
      <p>
        Paste what your receiver got. Nothing of it is sent anywhere: this page checks it by itself.
      </p>
      <form onSubmit={submit} className="sign-in-form">
        <label>
          Headers
          <textarea
            rows={3}
            placeholder="webhook-id: …"
            value={pasted.headers}
            onInput={({ currentTarget }) => change({ headers: currentTarget.value })}
          />
        </label>
        <label>
          Body
          <textarea
            rows={4}
            value={pasted.body}
            onInput={({ currentTarget }) => change({ body: currentTarget.value })}
          />
        </label>
        <label>
          Secret
          <input
            type="password"
            autoComplete="off"
            placeholder="whsec_…"
            value={pasted.secret}
            onInput={({ currentTarget }) => change({ secret: currentTarget.value })}
          />
        </label>
        <p className="actions">
          <button type="submit">Check</button>
        </p>
      </form>
      {checks && (
        <ul role="status" className="checks">
          {checks.map(({ name, isRight, note }) => (
            <li key={name} className={isRight ? 'delivery-delivered' : 'delivery-undelivered'}>
              <span aria-hidden="true">{isRight ? '●' : '✕'}</span> <strong>{name}</strong> {note}
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}
