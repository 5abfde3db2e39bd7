import { partsOf } from './document.ts';
import type { Field, Shape } from './shapes.ts';
import { Text } from './text.tsx';

type FieldsProps = {
  readonly fields: readonly (Field & { readonly place?: string })[];
  /** The prefix of the ids of the fields, if they have ids. */
  readonly prefix?: string | undefined;
};

/** Fields with everything that the document says about them, and the fields inside of them. */
export function Fields({ fields, prefix }: FieldsProps) {
  return (
    <ul className="docs-fields">
      {fields.map(({ name, place, required, shape, example }) => {
        const id = prefix === undefined ? undefined : `${prefix}${name}`;
        return (
          <li key={name} id={id} data-field={name}>
            <p className="docs-field">
              {id === undefined ? (
                <code>{name}</code>
              ) : (
                <a className="anchor" href={`#${id}`}>
                  <code>{name}</code>
                </a>
              )}
              <span className="soft">
                {shape.type}
                {place !== undefined && ` in ${place}`}
              </span>
              {required && <strong>required</strong>}
            </p>
            <Facts shape={shape} example={example} />
            <Inside shape={shape} />
          </li>
        );
      })}
    </ul>
  );
}

/** The shape of a value that has no name, like a body. */
export function ShapeView({
  shape,
  prefix,
}: {
  readonly shape: Shape;
  readonly prefix?: string | undefined;
}) {
  return (
    <>
      <p className="docs-field">
        {shape.title !== '' && <code>{shape.title}</code>}
        <span className="soft">{shape.type}</span>
      </p>
      <Facts shape={shape} />
      <Inside shape={shape} prefix={prefix} />
    </>
  );
}

function Facts({
  shape,
  example,
}: {
  readonly shape: Shape;
  readonly example?: string | undefined;
}) {
  const facts = factsOf(shape, example);
  return (
    <>
      {shape.limits.length > 0 && <p className="soft">{shape.limits.join(' · ')}</p>}
      <Text text={shape.description} />
      {facts.map(([label, values]) => (
        <p key={label} className="docs-values">
          <span className="soft">{label}</span>
          {values.map((value) => (
            <code key={value}>{value}</code>
          ))}
        </p>
      ))}
    </>
  );
}

const factsOf = (shape: Shape, example?: string): readonly [string, readonly string[]][] =>
  (
    [
      [shape.allowed.length === 1 ? 'Always' : 'One of', shape.allowed],
      ['Default', shape.default === undefined ? [] : [shape.default]],
      ['Pattern', shape.pattern === undefined ? [] : [shape.pattern]],
      ['Example', example === undefined ? [] : [example]],
    ] as const
  ).flatMap(([label, values]) => (values.length === 0 ? [] : [[label, values]]));

/** First the fields that every variant has, then the other parts. */
function Inside({
  shape,
  prefix,
}: {
  readonly shape: Shape;
  readonly prefix?: string | undefined;
}) {
  const parts = partsOf(shape).filter(({ shape: part }) => hasMore(part));
  return (
    <>
      {shape.fields.length > 0 && <Fields fields={shape.fields} prefix={prefix} />}
      {shape.choice !== '' && <p className="soft">{shape.choice}:</p>}
      {parts.map(({ name, shape: part }) => (
        <details key={name} className="docs-part" open={shape.variants.length === 0}>
          <summary>{name}</summary>
          <ShapeView shape={part} />
        </details>
      ))}
    </>
  );
}

/** Whether there is more to show than the type, which already stands with the parent. */
const hasMore = ({ fields, limits, allowed, description, pattern, ...shape }: Shape): boolean =>
  fields.length + limits.length + allowed.length + shape.variants.length > 0 ||
  description !== '' ||
  pattern !== undefined ||
  partsOf({ fields, limits, allowed, description, pattern, ...shape }).length > 0;
