/** The part of JSON Schema that the document uses. A test checks that the document has no other keyword. */
export type RawSchema = {
  readonly $ref?: string;
  readonly title?: string;
  readonly description?: string;
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly default?: unknown;
  readonly not?: { readonly const?: unknown };
  readonly properties?: Readonly<Record<string, RawSchema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | RawSchema;
  readonly propertyNames?: RawSchema;
  readonly items?: RawSchema;
  readonly oneOf?: readonly RawSchema[];
  readonly anyOf?: readonly RawSchema[];
  readonly allOf?: readonly RawSchema[];
  readonly pattern?: string;
  readonly format?: string;
  readonly contentEncoding?: string;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly minProperties?: number;
  readonly maxProperties?: number;
};

export type Field = {
  readonly name: string;
  readonly required: boolean;
  readonly shape: Shape;
  readonly example?: string | undefined;
};

/** A schema, as the page shows it. */
export type Shape = {
  readonly title: string;
  readonly description: string;
  /** `integer or null`, `array of string`. */
  readonly type: string;
  /** Limits in words: `1 to 4`, `at most 2 items`. */
  readonly limits: readonly string[];
  readonly pattern: string | undefined;
  /** All values that are possible, when the schema lists them. */
  readonly allowed: readonly string[];
  readonly default: string | undefined;
  readonly fields: readonly Field[];
  readonly items: Shape | undefined;
  /** The shape of properties with other names. */
  readonly others: Shape | undefined;
  /** `One of these`, when there are variants. */
  readonly choice: string;
  readonly variants: readonly { readonly name: string; readonly shape: Shape }[];
};

type Reference = { readonly $ref?: string };

/** Reads the schemas of one document. A schema that several places refer to is read once. */
export function schemaReader(document: object) {
  const known = new Map<string, Shape>();
  const open = new Set<string>();

  /** Returns the target of a reference, and any other value unchanged. */
  function resolve<Value extends Reference>(value: Value): Value {
    if (value.$ref === undefined) return value;
    const names = value.$ref.replace(/^#\//, '').split('/');
    let found: unknown = document;
    for (const name of names)
      found = Object(found)[name.replaceAll('~1', '/').replaceAll('~0', '~')];
    return Object(found);
  }

  function shapeOf(schema: RawSchema): Shape {
    const { $ref } = schema;
    if ($ref === undefined) return read(schema);
    const before = known.get($ref);
    if (before) return before;
    // A schema that contains itself is only named there, and not shown again.
    if (open.has($ref)) return read({ title: nameOf($ref), type: 'object' });
    open.add($ref);
    const shape = read(resolve(schema));
    open.delete($ref);
    known.set($ref, shape);
    return shape;
  }

  function read(schema: RawSchema): Shape {
    const { title = '', description = '', items, additionalProperties: others } = schema;
    return {
      title,
      description,
      type: typeOf(schema),
      limits: limitsOf(schema),
      pattern: schema.pattern,
      allowed: (schema.enum ?? [schema.const]).filter((one) => one !== undefined).map(written),
      default: schema.default === undefined ? undefined : written(schema.default),
      fields: fieldsOf(schema),
      items: items && shapeOf(items),
      others: typeof others === 'object' ? shapeOf(others) : undefined,
      ...choiceOf(schema),
    };
  }

  const fieldsOf = ({ properties = {}, required = [] }: RawSchema): readonly Field[] =>
    Object.entries(properties).map(([name, property]) => ({
      name,
      required: required.includes(name),
      shape: shapeOf(property),
    }));

  function choiceOf(schema: RawSchema): Pick<Shape, 'choice' | 'variants'> {
    const [keyword, choice] = choices.find(([one]) => schema[one] !== undefined) ?? [];
    const variants = (keyword && schema[keyword]) ?? [];
    return {
      choice: choice ?? '',
      variants: variants.map(shapeOf).map((shape, index) => ({
        name: shape.title || `Form ${index + 1}`,
        shape,
      })),
    };
  }

  function typeOf({ type, items, ...schema }: RawSchema): string {
    const names = [type ?? []].flat().map((name) => {
      const of = name === 'array' && items ? typeOf(resolve(items)) : '';
      return of === '' ? name : `${name} of ${of}`;
    });
    if (names.length > 0) return names.join(' or ');
    return choices.some(([keyword]) => schema[keyword]) || schema.properties
      ? 'object'
      : 'anything';
  }

  return { shapeOf, resolve };
}

const choices = [
  ['oneOf', 'One of these'],
  ['anyOf', 'One or more of these'],
  ['allOf', 'All of these'],
] as const;

const nameOf = (reference: string): string => reference.split('/').at(-1) ?? '';
const written = (value: unknown): string => JSON.stringify(value) ?? '';

const isLimit = (value: number | undefined): value is number =>
  value !== undefined && Math.abs(value) < Number.MAX_SAFE_INTEGER;

/** `1 to 4`, `at least 1`, `at most 4`, or nothing. */
function range(min: number | undefined, max: number | undefined, unit: string): string {
  const from = isLimit(min) ? min : undefined;
  const to = isLimit(max) ? max : undefined;
  if (from !== undefined && to !== undefined) {
    return from === to ? `exactly ${from}${unit}` : `${from} to ${to}${unit}`;
  }
  if (from !== undefined) return `at least ${from}${unit}`;
  return to === undefined ? '' : `at most ${to}${unit}`;
}

function limitsOf(schema: RawSchema): readonly string[] {
  const { exclusiveMinimum, not, propertyNames, format, contentEncoding } = schema;
  const ofNames = propertyNames ? limitsOf(propertyNames).join(', ') : '';
  return [
    range(schema.minLength, schema.maxLength, ' characters'),
    range(schema.minimum, schema.maximum, ''),
    exclusiveMinimum === undefined ? '' : `more than ${exclusiveMinimum}`,
    range(schema.minItems, schema.maxItems, ' items'),
    range(schema.minProperties, schema.maxProperties, ' properties'),
    not?.const === undefined ? '' : `not ${written(not.const)}`,
    ofNames === '' ? '' : `names of ${ofNames}`,
    format === undefined ? '' : `format ${format}`,
    contentEncoding === undefined ? '' : `in ${contentEncoding}`,
  ].filter(Boolean);
}
