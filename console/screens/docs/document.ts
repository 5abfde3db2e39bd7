import { type Field, type RawSchema, type Shape, schemaReader } from './shapes.ts';

// Turns the OpenAPI document into what the page shows. The functions are pure, so that a test can check that nothing is
// left out.

type Named<Value> = Readonly<Record<string, Value>>;
type Reference = { readonly $ref?: string };
type RawMedia = {
  readonly schema?: RawSchema;
  readonly example?: unknown;
  readonly examples?: Named<{ readonly value?: unknown }>;
};
type RawField = Reference & {
  readonly name?: string;
  readonly in?: string;
  readonly required?: boolean;
  readonly description?: string;
  readonly schema?: RawSchema;
  readonly example?: unknown;
};
type RawResponse = Reference & {
  readonly description?: string;
  readonly headers?: Named<RawField>;
  readonly content?: Named<RawMedia>;
};
type RawOperation = {
  readonly operationId?: string;
  readonly tags?: readonly string[];
  readonly summary?: string;
  readonly description?: string;
  readonly security?: readonly Named<readonly string[]>[];
  readonly parameters?: readonly RawField[];
  readonly requestBody?: { readonly required?: boolean; readonly content?: Named<RawMedia> };
  readonly responses?: Named<RawResponse>;
  readonly callbacks?: Named<Named<Named<RawOperation>>>;
  readonly 'x-codeSamples'?: readonly Sample[];
};
/** The part of an OpenAPI document that is read. The rest of it may be anything. */
export type RawDocument = {
  readonly info?: {
    readonly title?: string;
    readonly version?: string;
    readonly description?: string;
  };
  readonly tags?: readonly { readonly name: string; readonly description?: string }[];
  readonly paths?: Named<Named<RawOperation>>;
};

type Sample = { readonly label: string; readonly source: string };
export type Content = {
  readonly mediaType: string;
  readonly shape: Shape;
  readonly examples: readonly { readonly name: string; readonly text: string }[];
};
export type Response = {
  readonly status: string;
  readonly description: string;
  readonly headers: readonly Field[];
  readonly contents: readonly Content[];
};
export type Operation = {
  readonly id: string;
  readonly method: string;
  readonly path: string;
  readonly summary: string;
  readonly description: string;
  /** The scope that a key needs. Without one the operation is called without a key. */
  readonly scope: string | undefined;
  /** `place` is OpenAPI's `in`, like `query`. */
  readonly parameters: readonly (Field & { readonly place: string })[];
  readonly body: { readonly required: boolean; readonly contents: readonly Content[] } | undefined;
  readonly responses: readonly Response[];
  readonly callbacks: readonly Operation[];
  readonly samples: readonly Sample[];
};
export type Tag = {
  readonly name: string;
  readonly description: string;
  readonly operations: readonly Operation[];
};
export type Docs = {
  readonly title: string;
  readonly version: string;
  readonly description: string;
  readonly tags: readonly Tag[];
};

/** What the page shows of a document: every operation in the order of its tags. */
export function readDocument(document: RawDocument): Docs {
  const { info = {}, tags = [], paths = {} } = document;
  const reader = operationReader(document);
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, raw]) => ({
      tag: raw.tags?.[0] ?? 'Other',
      operation: reader(method, path, raw),
    })),
  );
  const names = new Set([...tags.map(({ name }) => name), ...operations.map(({ tag }) => tag)]);
  return {
    title: info.title ?? 'API',
    version: info.version ?? '',
    description: info.description ?? '',
    tags: [...names].map((name) => ({
      name,
      description: tags.find((tag) => tag.name === name)?.description ?? '',
      operations: operations.filter(({ tag }) => tag === name).map(({ operation }) => operation),
    })),
  };
}

function operationReader(document: RawDocument) {
  const { shapeOf, resolve } = schemaReader(document);
  const fieldOf = (name: string, raw: RawField): Field => {
    const { required = false, description = '', schema = {}, example } = resolve(raw);
    const shape = shapeOf(schema);
    return {
      name,
      required,
      shape: { ...shape, description: description || shape.description },
      example: example === undefined ? undefined : plain(example),
    };
  };
  const contentsOf = (content: Named<RawMedia> = {}): readonly Content[] =>
    Object.entries(content).map(([mediaType, { schema = {}, example, examples = {} }]) => ({
      mediaType,
      shape: shapeOf(schema),
      examples: [
        ...Object.entries(examples).map(([name, { value }]) => ({ name, text: plain(value) })),
        ...(example === undefined ? [] : [{ name: '', text: plain(example) }]),
      ],
    }));
  const responseOf = ([status, raw]: [string, RawResponse]): Response => {
    const { description = '', headers = {}, content } = resolve(raw);
    return {
      status,
      description,
      headers: Object.entries(headers).map(([name, header]) => fieldOf(name, header)),
      contents: contentsOf(content),
    };
  };
  return function operationOf(method: string, path: string, raw: RawOperation): Operation {
    const { requestBody, responses = {}, callbacks = {} } = raw;
    return {
      id: raw.operationId ?? `${method}${path}`,
      method: method.toUpperCase(),
      path,
      summary: raw.summary ?? '',
      description: raw.description ?? '',
      scope: raw.security?.flatMap((one) => Object.values(one).flat())[0],
      parameters: (raw.parameters ?? []).map((parameter) => {
        const { name = '', in: place = '' } = resolve(parameter);
        return { ...fieldOf(name, parameter), place };
      }),
      body: requestBody && {
        required: requestBody.required === true,
        contents: contentsOf(requestBody.content),
      },
      responses: Object.entries(responses).map(responseOf),
      callbacks: Object.values(callbacks).flatMap((byAddress) =>
        Object.entries(byAddress).flatMap(([address, methods]) =>
          Object.entries(methods).map(([one, callback]) => operationOf(one, address, callback)),
        ),
      ),
      samples: raw['x-codeSamples'] ?? [],
    };
  };
}

const plain = (value: unknown): string =>
  typeof value === 'string' ? value : JSON.stringify(value, null, 2);

/** The operations that contain every word: in their names, paths, descriptions or the fields that they take. */
export function search(tags: readonly Tag[], words: string): readonly Tag[] {
  const wanted = words.toLowerCase().split(/\s+/).filter(Boolean);
  return tags
    .map(({ name, description, operations }) => ({
      name,
      description,
      operations: operations.filter((operation) => {
        const text = textOf(name, operation);
        return wanted.every((word) => text.includes(word));
      }),
    }))
    .filter(({ operations }) => operations.length > 0);
}

const textOf = (tag: string, operation: Operation): string =>
  [
    tag,
    operation.id,
    `${operation.method} ${operation.path}`,
    operation.summary,
    operation.description,
    ...operation.parameters.map(({ name }) => name),
    ...(operation.body?.contents ?? []).flatMap(({ shape }) => namesIn(shape)),
  ]
    .join('\n')
    .toLowerCase();

const namesIn = (shape: Shape): readonly string[] => [
  ...shape.fields.flatMap((field) => [field.name, ...namesIn(field.shape)]),
  ...partsOf(shape).flatMap(({ shape: part }) => namesIn(part)),
];

/** The shapes that a shape has beside its fields. */
export const partsOf = ({ items, others, variants }: Shape) => [
  ...(items ? [{ name: 'Each item', shape: items }] : []),
  ...(others ? [{ name: 'Each property', shape: others }] : []),
  ...variants,
];

/** The codes of errors that a response can have. */
export const codesOf = ({ contents }: Response): readonly string[] =>
  contents.flatMap(({ shape }) =>
    shape.fields
      .filter(({ name }) => name === 'error')
      .flatMap(({ shape: error }) => [error, ...error.variants.map((one) => one.shape)])
      .flatMap(({ fields }) => fields)
      .filter(({ name }) => name === 'code')
      .flatMap(({ shape: code }) => code.allowed.map((one) => String(JSON.parse(one)))),
  );

/** The sample with the address of this service instead of the variable. */
export const withAddress = (source: string, address: string): string =>
  source
    .replaceAll('os.environ["DARKROOM_URL"] + "', () => `"${address}`)
    .replaceAll(/\$\{process\.env\.DARKROOM_URL\}|\$DARKROOM_URL/g, () => address);
