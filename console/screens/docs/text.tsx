import { Link } from 'wouter';
import { Code } from '../../samples/code.tsx';
import { type Block, blocksOf, type Inline, inlinesOf } from './markdown.ts';

/** A text with `code`, paragraphs, lists and tables, as elements. */
export function Text({ text }: { readonly text: string }) {
  return (
    <div className="docs-text">
      {blocksOf(text).map((block, index) => (
        <BlockOf key={index} block={block} />
      ))}
    </div>
  );
}

/** The same for a text of one line, without a paragraph around it. */
export function Line({ text }: { readonly text: string }) {
  return (
    <>
      {inlinesOf(text).map((inline, index) => (
        <InlineOf key={index} inline={inline} />
      ))}
    </>
  );
}

function InlineOf({ inline }: { readonly inline: Inline }) {
  if (inline.kind === 'code') return <code>{inline.text}</code>;
  if (inline.kind === 'strong') return <strong>{inline.text}</strong>;
  if (inline.kind !== 'link') return <>{inline.text}</>;
  const { text, target } = inline;
  if (/^https:\/\//.test(target)) {
    return (
      <a href={target} rel="noreferrer">
        {text}
      </a>
    );
  }
  const [, errors] = /(?:^|\/)errors\.md(#[\w-]+)?$/.exec(target) ?? [];
  if (errors !== undefined) return <Link href={`/docs/errors${errors}`}>{text}</Link>;
  // A page of the checkout, which is not served here.
  return <>{text}</>;
}

function BlockOf({ block }: { readonly block: Block }) {
  switch (block.kind) {
    case 'heading':
      return <Heading level={block.level} text={block.text} id={block.id} />;
    case 'code':
      return <Code language="JSON" code={block.text} />;
    case 'list':
      return (
        <ul className="docs-list">
          {block.items.map((item) => (
            <li key={item}>
              <Line text={item} />
            </li>
          ))}
        </ul>
      );
    case 'table':
      return <Table rows={block.rows} />;
    default:
      return (
        <p>
          <Line text={block.text} />
        </p>
      );
  }
}

/** A heading that can be linked to. */
function Heading({ level, text, id }: Omit<Extract<Block, { kind: 'heading' }>, 'kind'>) {
  const Tag = level <= 2 ? 'h2' : 'h3';
  return (
    <Tag id={id}>
      <a className="anchor" href={`#${id}`}>
        {text}
      </a>
    </Tag>
  );
}

function Table({ rows }: { readonly rows: readonly (readonly string[])[] }) {
  return (
    <dl className="docs-table">
      {rows.map(([name = '', ...cells]) => (
        <div key={name}>
          <dt>
            <Line text={name} />
          </dt>
          <dd>
            <Line text={cells.join(' ')} />
          </dd>
        </div>
      ))}
    </dl>
  );
}
