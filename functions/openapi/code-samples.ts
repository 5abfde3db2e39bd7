import type { AnyRoute, Json, RouteDocs } from '../runtime/route.ts';
import { isJson } from './json-schema.ts';

/** What a sample sends: the examples of the document, filled in. */
type Call = {
  readonly method: string;
  /** With its query. */
  readonly path: string;
  readonly hasKey: boolean;
  /** The JSON body; `undefined`: none. */
  readonly body: unknown;
  /** The text fields of a form that also has the file `cat.jpg`; `undefined`: the body is not a form. */
  readonly form: Json | undefined;
  /** Whether the response is a picture. */
  readonly isPicture: boolean;
};

/**
 * The same call for curl, Node and Python, which need no further packages. The samples read the address and the key from
 * `DARKROOM_URL` and `DARKROOM_KEY`.
 */
export function codeSamples(route: AnyRoute, docs: RouteDocs): readonly Json[] {
  const call = callOf(route, docs);
  return [
    { lang: 'Shell', label: 'curl', source: curl(call) },
    { lang: 'JavaScript', label: 'Node', source: node(call) },
    { lang: 'Python', label: 'Python', source: python(call) },
  ];
}

function callOf(route: AnyRoute, docs: RouteDocs): Call {
  const { method, path, params = {}, access } = route;
  const filled = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => String(params[name]?.example));
  const query = new URLSearchParams(
    Object.entries(docs.query ?? {}).flatMap(([name, { example }]): [string, string][] =>
      example === undefined ? [] : [[name, String(example)]],
    ),
  ).toString();
  return {
    method,
    path: query === '' ? filled : `${filled}?${query}`,
    hasKey: typeof access === 'object',
    ...bodyOf(route, Object.values(docs.body?.examples ?? {})[0]),
    isPicture: 'picture' in docs.response,
  };
}

function bodyOf({ body }: AnyRoute, example: unknown): Pick<Call, 'body' | 'form'> {
  if (body?.kind !== 'form') return { body: example, form: undefined };
  const texts = Object.entries(isJson(example) ? example : {}).filter(([name]) => name !== 'file');
  return { body: undefined, form: Object.fromEntries(texts) };
}

const lines = (...some: readonly (string | false | undefined)[]): string =>
  some.filter(Boolean).join('\n');

function curl({ method, path, hasKey, body, form, isPicture }: Call): string {
  const hasBody = body !== undefined;
  const isUsual = method === (hasBody || form ? 'POST' : 'GET');
  const texts = Object.entries(form ?? {}).map(([name, value]) => `-F ${name}=${value}`);
  return [
    `curl ${isUsual ? '' : `-X ${method} `}"$DARKROOM_URL${path}"`,
    hasKey && '-H "Authorization: Bearer $DARKROOM_KEY"',
    hasBody && '-H "Content-Type: application/json"',
    hasBody && `-d '${JSON.stringify(body, undefined, 2).replaceAll("'", "'\\''")}'`,
    ...(form ? [...texts, '-F file=@cat.jpg'] : []),
    isPicture && '-L -o picture.png',
  ]
    .filter(Boolean)
    .join(' \\\n  ');
}

function node({ method, path, hasKey, body, form, isPicture }: Call): string {
  const headers = [
    hasKey && `Authorization: \`Bearer \${process.env.DARKROOM_KEY}\`,`,
    body !== undefined && "'Content-Type': 'application/json',",
  ].filter(Boolean);
  const options = [
    method !== 'GET' && `method: '${method}',`,
    headers.length > 0 && block('headers: {', headers, '},'),
    body !== undefined && `body: JSON.stringify(${JSON.stringify(body, undefined, 2)}),`,
    form && 'body: form,',
  ].filter((option) => typeof option === 'string');
  const address = `\`\${process.env.DARKROOM_URL}${path}\``;
  const call =
    options.length === 0 ? `fetch(${address})` : block(`fetch(${address}, {`, options, '})');
  return lines(
    isPicture && "import { writeFile } from 'node:fs/promises';\n",
    form && nodeForm(form),
    `const response = await ${call};`,
    isPicture
      ? "await writeFile('picture.png', await response.bytes());"
      : 'console.log(await response.json());',
  );
}

const nodeForm = (texts: Json): string =>
  lines(
    "import { readFile } from 'node:fs/promises';\n",
    'const form = new FormData();',
    ...Object.entries(texts).map(([name, value]) => `form.append('${name}', '${value}');`),
    "form.append('file', new Blob([await readFile('cat.jpg')]), 'cat.jpg');\n",
  );

function python({ method, path, hasKey, body, form, isPicture }: Call): string {
  const headers = [
    hasKey && '"Authorization": "Bearer " + os.environ["DARKROOM_KEY"],',
    form !== undefined && '"Content-Type": "multipart/form-data; boundary=form",',
    body !== undefined && '"Content-Type": "application/json",',
  ].filter(Boolean);
  const parts = [
    `os.environ["DARKROOM_URL"] + "${path}",`,
    `method="${method}",`,
    headers.length > 0 && block('headers={', headers, '},', 4),
    body !== undefined && `data=json.dumps(${pythonLiteral(body)}).encode(),`,
    form && 'data=form,',
  ].filter((part) => typeof part === 'string');
  return lines(
    `import ${isPicture ? '' : 'json, '}os, urllib.request\n`,
    form && pythonForm(form),
    block('request = urllib.request.Request(', parts, ')', 4),
    'with urllib.request.urlopen(request) as response:',
    isPicture
      ? '    open("picture.png", "wb").write(response.read())'
      : '    print(json.load(response))',
  );
}

const pythonForm = (texts: Json): string =>
  lines(
    'form = b""',
    ...Object.entries(texts).map(
      ([name, value]) =>
        `form += b'--form\\r\\nContent-Disposition: form-data; name="${name}"\\r\\n\\r\\n${value}\\r\\n'`,
    ),
    `form += b'--form\\r\\nContent-Disposition: form-data; name="file"; filename="cat.jpg"\\r\\n\\r\\n'`,
    'form += open("cat.jpg", "rb").read() + b"\\r\\n--form--\\r\\n"\n',
  );

/** A JSON value as a literal of Python. */
function pythonLiteral(value: unknown): string {
  if (value === null) return 'None';
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (Array.isArray(value)) {
    return block(
      '[',
      value.map((item) => `${pythonLiteral(item)},`),
      ']',
      4,
    );
  }
  if (!isJson(value)) return JSON.stringify(value);
  const fields = Object.entries(value).map(
    ([name, field]) => `${JSON.stringify(name)}: ${pythonLiteral(field)},`,
  );
  return block('{', fields, '}', 4);
}

/** The parts between two brackets, each on lines of its own. */
function block(
  open: string,
  parts: readonly (string | false)[],
  close: string,
  spaces = 2,
): string {
  if (parts.length === 0) return open + close;
  const margin = `\n${' '.repeat(spaces)}`;
  return `${open}${parts.map((part) => margin + String(part).replaceAll('\n', margin)).join('')}\n${close}`;
}
