import { useQuery } from '@tanstack/react-query';
import { lazy, Suspense, useDeferredValue, useEffect, useMemo, useRef, useState } from 'react';
import { Link } from 'wouter';
import { documentQuery } from '../../api/queries.ts';
import { Copy } from '../../parts/copy.tsx';
import { Failure } from '../../parts/failure.tsx';
import { Loading } from '../../parts/loading.tsx';
import { useTitle } from '../../parts/use-title.ts';
import {
  type Docs as Document,
  type RawDocument,
  readDocument,
  search,
  type Tag,
} from './document.ts';
import { OperationPage } from './operation-page.tsx';
import { Text } from './text.tsx';
import { useTarget } from './use-target.ts';

const ErrorsPage = lazy(async () => ({ default: (await import('./pages.tsx')).ErrorsPage }));
const EvolinkPage = lazy(async () => ({ default: (await import('./pages.tsx')).EvolinkPage }));

const overview = [
  ['/docs', 'Overview'],
  ['/docs/errors', 'Errors'],
  ['/docs/evolink', 'Coming from EvoLink'],
] as const;

/** The documentation of the API, made from the document that this service sends. Every operation has an address. */
export function Docs({ page }: { readonly page: string | undefined }) {
  const { data, error, refetch } = useQuery(documentQuery);
  const document = useMemo(() => data && readDocument(data as RawDocument), [data]);
  if (error) {
    return (
      <Failure what="The document could not be loaded." error={error} onRetry={() => refetch()} />
    );
  }
  if (!document) return <Loading what="the documentation" lines={6} />;
  return (
    <div className="docs">
      <article key={page} className="docs-page">
        <Suspense fallback={<Loading what="the page" />}>
          <Page document={document} page={page} />
        </Suspense>
      </article>
      <Operations tags={document.tags} page={page} />
    </div>
  );
}

function Page({
  document,
  page,
}: {
  readonly document: Document;
  readonly page?: string | undefined;
}) {
  if (page === undefined) return <Overview document={document} />;
  if (page === 'errors') return <ErrorsPage />;
  if (page === 'evolink') return <EvolinkPage />;
  const operation = document.tags
    .flatMap(({ operations }) => operations)
    .find(({ id }) => id === page);
  return operation ? <OperationPage operation={operation} /> : <NoOperation name={page} />;
}

function NoOperation({ name }: { readonly name: string }) {
  useTitle('Docs');
  return (
    <>
      <h1>There is no such operation</h1>
      <p>
        The document of this service has none with the name <code>{name}</code>. It may have another
        name in this version: look for it in the list.
      </p>
    </>
  );
}

function Overview({ document }: { readonly document: Document }) {
  useTitle('Docs');
  useTarget();
  return (
    <>
      <header className="screen-head">
        <h1>{document.title} API</h1>
        <span className="soft">Version {document.version}</span>
        <a href="/openapi.json">openapi.json</a>
      </header>
      <p className="docs-address">
        <code>{location.origin}</code>
        <Copy text={location.origin} label="Copy the address" />
      </p>
      <Text text={document.description} />
      <dl className="docs-table">
        {document.tags.map(({ name, description }) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>
              <Text text={description} />
            </dd>
          </div>
        ))}
      </dl>
    </>
  );
}

function Operations({
  tags,
  page,
}: {
  readonly tags: readonly Tag[];
  readonly page?: string | undefined;
}) {
  const list = useRef<HTMLElement>(null);
  // After a link to an operation, the list is scrolled to that operation.
  useEffect(() => {
    const current = list.current?.querySelector<HTMLElement>('[aria-current=page]');
    if (list.current && current) list.current.scrollTop = current.offsetTop - 200;
  }, []);
  const [words, setWords] = useState('');
  const wanted = useDeferredValue(words);
  const found = useMemo(() => search(tags, wanted), [tags, wanted]);
  const count = found.reduce((sum, { operations }) => sum + operations.length, 0);
  return (
    <nav ref={list} className="docs-operations" aria-label="Documentation" id="operations">
      <ul>
        {overview.map(([to, name]) => (
          <li key={to}>
            <Link href={to} aria-current={to === addressOf(page) ? 'page' : undefined}>
              {name}
            </Link>
          </li>
        ))}
      </ul>
      <label>
        Search
        <input
          type="search"
          value={words}
          placeholder="callback_url"
          onInput={({ currentTarget }) => setWords(currentTarget.value)}
        />
      </label>
      <p role="status" className="caption">
        {wanted.trim() === '' ? '' : `${count} found`}
      </p>
      {found.map(({ name, operations }) => (
        <div key={name}>
          <h2>{name}</h2>
          <ul>
            {operations.map(({ id, method, path, summary }) => (
              <li key={id}>
                <Link
                  href={addressOf(id)}
                  aria-current={id === page ? 'page' : undefined}
                  title={`${method} ${path}`}
                >
                  <span className={`method method-${method.toLowerCase()}`}>{method}</span>
                  <span>{summary}</span>
                </Link>
              </li>
            ))}
          </ul>
        </div>
      ))}
    </nav>
  );
}

const addressOf = (page: string | undefined): string =>
  page === undefined ? '/docs' : `/docs/${page}`;
