import type { components } from '../api/schema.d.ts';

type GenerationRequest = components['schemas']['GenerationRequest'];

/** What a sample shows: the request of the form, with the pictures as addresses or as names of files. */
export type SampleInput = {
  readonly url: string;
  readonly request: GenerationRequest;
  readonly pictures: readonly SamplePicture[];
};

type SamplePicture =
  | { readonly kind: 'address'; readonly address: string }
  | { readonly kind: 'file'; readonly name: string; readonly mediaType: string };

export const languages = ['curl', 'Node', 'Python', 'CLI', 'JSON'] as const;
export type Language = (typeof languages)[number];

/** The code of exactly this request. The key is never in it: it comes from the environment. */
export const sampleIn = (language: Language, input: SampleInput): string =>
  writers[language](withPlaceholders(input));

/** A form that is still empty gets a request that would work. */
const withPlaceholders = ({ url, request, pictures }: SampleInput): SampleInput => ({
  url,
  request: request.prompt === '' ? { ...request, prompt: '…' } : request,
  pictures: pictures.length === 0 ? [photo] : pictures,
});

const photo: SamplePicture = { kind: 'file', name: 'photo.jpg', mediaType: 'image/jpeg' };

/** Pictures that have an address go by it; files are uploaded with the forms in the response. */
const bodyFor = ({ request, pictures }: SampleInput): GenerationRequest => {
  const addresses = pictures.flatMap((one) => (one.kind === 'address' ? [one.address] : []));
  const files = pictures.flatMap((one) => (one.kind === 'file' ? [one] : []));
  if (files.length === 0) return { ...request, image_urls: addresses };
  if (addresses.length === 0) {
    return {
      ...request,
      image_uploads: files.map(({ mediaType }) => ({ content_type: mediaTypeOf(mediaType) })),
    };
  }
  return {
    ...request,
    image_urls: pictures.map((one, index) =>
      one.kind === 'address' ? one.address : `<the url of POST /v1/files for picture ${index + 1}>`,
    ),
  };
};

const uploadTypes = ['image/jpeg', 'image/png', 'image/webp', 'image/bmp'] as const;
const mediaTypeOf = (type: string) => uploadTypes.find((one) => one === type) ?? 'image/jpeg';

const json = (value: unknown, indent = 2): string => JSON.stringify(value, undefined, indent);

/** For a shell: in single quotes, and every single quote outside of them. */
const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

const filesOf = ({ pictures }: SampleInput): readonly string[] =>
  pictures.flatMap((one) => (one.kind === 'file' ? [pathOf(one.name)] : []));

/** A name that begins with `-` would be read as an option. */
const pathOf = (name: string): string => (name.startsWith('-') ? `./${name}` : name);

const writers: Readonly<Record<Language, (input: SampleInput) => string>> = {
  curl(input) {
    const body = bodyFor(input);
    const create = `curl -s ${input.url}/v1/images/generations \\
  -H "Authorization: Bearer $DARKROOM_KEY" \\
  -H 'Content-Type: application/json' \\
  -d ${quoted(json(body))}`;
    const lines = body.image_uploads
      ? [
          `${create} > task.json`,
          ...filesOf(input).map(
            (name, index) =>
              `# picture ${index + 1}: send it with the form in the response
jq -r '.uploads[${index}].fields | to_entries[] | "form-string = \\"\\(.key)=\\(.value)\\""' task.json > form.txt
curl -s "$(jq -r '.uploads[${index}].url' task.json)" -K form.txt -F ${quoted(`file=@${name}`)}`,
          ),
        ]
      : [`${create} > task.json`];
    return `${lines.join('\n')}

# wait for it, up to 25 seconds at a time
curl -sL -H "Authorization: Bearer $DARKROOM_KEY" -H 'Prefer: wait=25' \\
  "${input.url}/v1/tasks/$(jq -r .id task.json)"`;
  },

  Node(input) {
    const body = bodyFor(input);
    const names = filesOf(input);
    const upload = body.image_uploads
      ? `
for (const [index, name] of ${JSON.stringify(names)}.entries()) {
  const { url, fields } = task.uploads[index];
  const form = new FormData();
  for (const [field, value] of Object.entries(fields)) form.append(field, value);
  form.append('file', new Blob([await readFile(name)]));
  await fetch(url, { method: 'POST', body: form });
}
`
      : '';
    return `${body.image_uploads ? "import { readFile } from 'node:fs/promises';\n\n" : ''}const headers = {
  authorization: \`Bearer \${process.env.DARKROOM_KEY}\`,
  'content-type': 'application/json',
  prefer: 'wait=25',
};
const api = ${JSON.stringify(input.url)};
const created = await fetch(\`\${api}/v1/images/generations\`, {
  method: 'POST',
  headers: { ...headers, prefer: '' },
  body: JSON.stringify(${json(body)}),
});
let task = await created.json();
${upload}
while (!['completed', 'failed'].includes(task.status)) {
  task = await (await fetch(\`\${api}/v1/tasks/\${task.id}\`, { headers })).json();
}
console.log(task.results ?? task.error);`;
  },

  Python(input) {
    const body = bodyFor(input);
    const upload = body.image_uploads
      ? `
for form, name in zip(task["uploads"], ${json(filesOf(input), 0)}):
    with open(name, "rb") as picture:
        requests.post(form["url"], data=form["fields"], files={"file": picture}).raise_for_status()
`
      : '';
    return `import os
import requests

api = ${JSON.stringify(input.url)}
headers = {"Authorization": f"Bearer {os.environ['DARKROOM_KEY']}"}
created = requests.post(f"{api}/v1/images/generations", headers=headers, json=${pythonOf(body)})
created.raise_for_status()
task = created.json()
${upload}
while task["status"] not in ("completed", "failed"):
    task = requests.get(f"{api}/v1/tasks/{task['id']}", headers={**headers, "Prefer": "wait=25"}).json()
print(task.get("results") or task["error"])`;
  },

  CLI(input) {
    const { image_urls } = bodyFor(input);
    const pictures = (image_urls ?? filesOf(input)).map(quoted);
    const note = filesOf(input).length > 0 && image_urls ? `${eitherKind}\n` : '';
    const options = Object.entries(input.request).flatMap(([name, value]) =>
      optionsOf(name, value),
    );
    return `export DARKROOM_URL=${input.url}   # and DARKROOM_KEY
${note}npm run darkroom -- generate ${[pictures.join(' '), ...options].join(' \\\n  ')}`;
  },

  JSON: (input) => json(bodyFor(input)),
};

const eitherKind = `# the command takes files or addresses, not both in one task: a file beside an address
# is stored first, with POST /v1/files`;

/** A field of a request as options of the command: `--no-watermark`, `--metadata order=4711`. */
function optionsOf(name: string, value: unknown): readonly string[] {
  const option = name.replaceAll('_', '-');
  if (value === true) return [`--${option}`];
  if (value === false) return [`--no-${option}`];
  if (typeof value === 'object' && value !== null) {
    return Object.entries(value).map(([key, text]) => `--${option} ${quoted(`${key}=${text}`)}`);
  }
  return [`--${option} ${typeof value === 'number' ? value : quoted(String(value))}`];
}

/** JSON as Python writes it. */
function pythonOf(value: unknown, depth = 0): string {
  const inner = '    '.repeat(depth + 1);
  const outer = '    '.repeat(depth);
  if (value === true) return 'True';
  if (value === false) return 'False';
  if (value === null || value === undefined) return 'None';
  if (Array.isArray(value)) return `[${value.map((one) => pythonOf(one, depth)).join(', ')}]`;
  if (typeof value === 'object') {
    const lines = Object.entries(value).map(
      ([name, one]) => `${inner}${JSON.stringify(name)}: ${pythonOf(one, depth + 1)},`,
    );
    return `{\n${lines.join('\n')}\n${outer}}`;
  }
  return JSON.stringify(value);
}
