import { useState } from 'react';
import { Link } from 'wouter';
import { Copy } from '../../parts/copy.tsx';
import { Tabs } from '../../parts/tabs.tsx';
import { useTitle } from '../../parts/use-title.ts';
import { Code } from '../../samples/code.tsx';
import { languages } from '../../samples/samples.ts';
import { type Content, codesOf, type Operation, type Response, withAddress } from './document.ts';
import { Fields, ShapeView } from './shape-view.tsx';
import { Line, Text } from './text.tsx';
import { useTarget } from './use-target.ts';

/** One operation: what it takes, what it returns, and how to call it here. */
export function OperationPage({ operation }: { readonly operation: Operation }) {
  const { id, method, path, summary, description, scope, callbacks } = operation;
  useTitle(summary);
  useTarget();
  return (
    <>
      <h1>{summary}</h1>
      <p className="docs-address">
        <Method method={method} />
        <code>{`${location.origin}${path}`}</code>
        <Copy text={`${location.origin}${path}`} label="Copy the address" />
      </p>
      <Text text={description} />
      <p className="soft">
        {scope === undefined ? (
          'Called without an API key'
        ) : (
          <>
            Needs a key with the scope <code>{scope}</code>
          </>
        )}
        {' · '}
        <code>{id}</code>
        <a href="#operations" className="docs-to-list">
          All operations
        </a>
      </p>
      <Samples samples={operation.samples} />
      <Exchange operation={operation} level={2} prefix="" />
      {callbacks.length > 0 && (
        <>
          <Heading level={2} id="callbacks" text="Callbacks" />
          {callbacks.map((callback) => (
            <Callback key={callback.id} callback={callback} />
          ))}
        </>
      )}
    </>
  );
}

function Callback({ callback }: { readonly callback: Operation }) {
  const { id, method, path, summary, description } = callback;
  return (
    <div className="panel">
      <Heading level={3} id={id} text={summary} />
      <p className="docs-address">
        <Method method={method} />
        <code>{path}</code>
      </p>
      <Text text={description} />
      <Exchange operation={callback} level={4} prefix={`${id}-`} />
    </div>
  );
}

type ExchangeProps = {
  readonly operation: Operation;
  readonly level: 2 | 4;
  /** The prefix of the ids of its headings, so that those of a callback are different. */
  readonly prefix: string;
};

function Exchange({ operation, level, prefix }: ExchangeProps) {
  const { parameters, body, responses } = operation;
  return (
    <>
      {parameters.length > 0 && (
        <>
          <Heading level={level} id={`${prefix}parameters`} text="Parameters" />
          <Fields fields={parameters} prefix={`${prefix}parameter-`} />
        </>
      )}
      {body && (
        <>
          <Heading level={level} id={`${prefix}body`} text="Body" />
          {!body.required && <p>It may be left out.</p>}
          <Contents contents={body.contents} prefix={`${prefix}body-`} />
        </>
      )}
      <Heading level={level} id={`${prefix}responses`} text="Responses" />
      {responses.map((response) => (
        <ResponseView key={response.status} response={response} prefix={prefix} />
      ))}
    </>
  );
}

function ResponseView({
  response,
  prefix,
}: {
  readonly response: Response;
  readonly prefix: string;
}) {
  const { status, description, headers, contents } = response;
  const codes = codesOf(response);
  const isError = /^[45]/.test(status);
  const [first = '', ...more] = description.split('\n\n');
  return (
    <details
      className={`docs-response docs-response-${status.slice(0, 1)}`}
      id={`${prefix}${status}`}
      data-status={status}
      open={/^2/.test(status)}
    >
      <summary>
        <strong>{status}</strong>{' '}
        {codes.length > 1 ? (
          codes.map((code) => <code key={code}>{code} </code>)
        ) : (
          <Line text={first} />
        )}
      </summary>
      <Text text={codes.length > 1 ? description : more.join('\n\n')} />
      {isError && codes.length > 0 && (
        <p>
          What to do:{' '}
          {codes.map((code) => (
            <Link key={code} href={`/docs/errors#${code.toLowerCase()}`} className="docs-code">
              <code>{code}</code>
            </Link>
          ))}
        </p>
      )}
      <Contents contents={contents} />
      {headers.length > 0 && (
        <details>
          <summary>Headers</summary>
          <Fields fields={headers} />
        </details>
      )}
    </details>
  );
}

function Contents({
  contents,
  prefix,
}: {
  readonly contents: readonly Content[];
  readonly prefix?: string;
}) {
  return contents.map(({ mediaType, shape, examples }, index) => (
    <div key={mediaType} className="docs-content">
      <p className="caption">
        <code>{mediaType}</code>
      </p>
      <ShapeView shape={shape} prefix={index === 0 ? prefix : undefined} />
      {examples.map(({ name, text }) => (
        <details key={name}>
          <summary>Example{name === '' ? '' : `: ${name}`}</summary>
          <Code language="JSON" code={text} />
        </details>
      ))}
    </div>
  ));
}

function Samples({ samples }: { readonly samples: Operation['samples'] }) {
  const known = languages.filter((one) => samples.some(({ label }) => label === one));
  const [chosen, choose] = useState(known[0]);
  const sample = samples.find(({ label }) => label === chosen);
  if (chosen === undefined || sample === undefined) return null;
  const code = withAddress(sample.source, location.origin);
  return (
    <section className="code-tabs" aria-label="A call as code">
      <Tabs label="Language" options={known} chosen={chosen} onChoose={choose}>
        <Code language={chosen} code={code} />
      </Tabs>
      <Copy text={code} label="Copy code" />
    </section>
  );
}

const Method = ({ method }: { readonly method: string }) => (
  <span className={`method method-${method.toLowerCase()}`}>{method}</span>
);

type HeadingProps = { readonly level: 2 | 3 | 4; readonly id: string; readonly text: string };

/** A heading that can be linked to. */
function Heading({ level, id, text }: HeadingProps) {
  const Tag = `h${level}` as const;
  return (
    <Tag id={id}>
      <a className="anchor" href={`#${id}`}>
        {text}
      </a>
    </Tag>
  );
}
