import { execFileSync, spawnSync } from 'node:child_process';
import { Command } from 'commander';
import { describe, expect, test } from 'vitest';
import {
  type CreateOptions,
  requestOf,
  withCreateOptions,
} from '../../../cli/tasks/create-options.ts';
import { languages, type SampleInput, sampleIn } from '../../../console/samples/samples.ts';
import { tokensOf } from '../../../console/samples/tokens.ts';

const hasPython = spawnSync('python3', ['--version']).status === 0;
if (!hasPython) process.stdout.write('Skipped: the samples in Python. There is no python3.\n');

const url = 'https://darkroom.example.com';
/** Characters that would end a string, run a command or start a comment. */
const hostile = `It's "quoted", $(echo run) \`echo run\` \\ # // \n line 2 \u2028 é 🏞`;

const address = { kind: 'address', address: "https://example.com/a'b.jpg?x=1&y=$HOME" } as const;
const file = { kind: 'file', name: "my photo's.png", mediaType: 'image/png' } as const;

const inputs: Readonly<Record<string, SampleInput>> = {
  'an address': { url, request: { prompt: hostile, n: 2, seed: 7 }, pictures: [address] },
  'two files': {
    url,
    request: { prompt: hostile, prompt_extend: false, metadata: { order: "4711'" } },
    pictures: [file, { ...file, mediaType: 'image/jpeg' }],
  },
  'a file whose name looks like an option': {
    url,
    request: { prompt: 'Snow' },
    pictures: [{ ...file, name: '--seed' }],
  },
  'an empty form': { url, request: { prompt: '' }, pictures: [] },
};
const named = Object.entries(inputs);
const bodyOf = (input: SampleInput) => JSON.parse(sampleIn('JSON', input));

test.each(named)('the request with %s goes by address or by upload', (_, input) => {
  const { image_urls, image_uploads, ...rest } = bodyOf(input);

  expect([image_urls, image_uploads].filter((one) => one !== undefined)).toHaveLength(1);
  expect(rest.prompt).toBe(input.request.prompt || '…');
});

test('a file beside an address is shown as one that is stored first', () => {
  const input = { url, request: { prompt: 'Snow' }, pictures: [address, file] };

  expect(bodyOf(input)).toEqual({
    prompt: 'Snow',
    image_urls: [address.address, '<the url of POST /v1/files for picture 2>'],
  });
});

test('the sample of the command passes a file beside an address as an address, and says why', () => {
  const input = { url, request: { prompt: 'Snow' }, pictures: [address, file] };
  const code = sampleIn('CLI', input);

  expect(code).toContain('# the command takes files or addresses, not both in one task');
  expect(code).toContain("'<the url of POST /v1/files for picture 2>'");
  expect(code).not.toContain('photo');
  expect(sampleIn('CLI', { ...input, pictures: [file] })).not.toContain('not both');
});

describe.each(named)('with %s', (_, input) => {
  test.each(languages)(
    '%s has the key in a variable, and its highlighting leaves no character out',
    (language) => {
      const code = sampleIn(language, input);

      expect(
        tokensOf(language, code)
          .map(({ text }) => text)
          .join(''),
      ).toBe(code);
      expect(code).not.toContain('sk-dr-');
      if (!['JSON', 'CLI'].includes(language)) expect(code).toContain('DARKROOM_KEY');
    },
  );

  test('the shell sends exactly this request, whatever is in its texts', () => {
    const prelude = `
      exec 3>&1
      curl() { while [ $# -gt 0 ]; do [ "$1" = -d ] && printf '%s' "$2" >&3; shift; done; }
      jq() { echo jq; }
      cd "$(mktemp -d)"`;
    const sent = execFileSync('bash', ['-uc', `${prelude}\n${sampleIn('curl', input)}`], {
      encoding: 'utf8',
      env: { ...process.env, DARKROOM_KEY: 'the key' },
    });

    expect(JSON.parse(sent)).toEqual(bodyOf(input));
  });

  test('Node sends exactly this request', () => {
    const prelude = `
      process.chdir(process.env.TMPDIR ?? '/tmp');
      let calls = 0;
      globalThis.fetch = async (address, { body } = {}) => {
        if ((calls += 1) === 1) process.stdout.write(body);
        return {
          json: async () => ({
            id: 'task-1', status: calls === 1 ? 'processing' : 'completed', results: ['done'],
            uploads: [],
          }),
        };
      };
      console.log = () => {};`;
    const code = sampleIn('Node', input).replace(/^for \(const \[index[\s\S]*?^}$/m, '');
    const sent = execFileSync(
      process.execPath,
      ['--input-type=module', '-e', `${prelude}\n${code}`],
      {
        encoding: 'utf8',
      },
    );

    expect(JSON.parse(sent)).toEqual(bodyOf(input));
  });

  test('the command sends exactly this request', () => {
    const prelude = 'npm() { printf \'%s\\0\' "$@"; }';
    const printed = execFileSync('bash', ['-uc', `${prelude}\n${sampleIn('CLI', input)}`], {
      encoding: 'utf8',
    });
    const [run, name, , command, ...args] = printed.split('\0').slice(0, -1);
    const generate = withCreateOptions(new Command('generate').argument('<picture...>'));
    generate.exitOverride().parse(args, { from: 'user' });
    const { image_urls, image_uploads, ...request } = bodyOf(input);
    const pictures = input.pictures.map((one) =>
      'name' in one ? one.name.replace(/^-/, './-') : one.address,
    );

    expect([run, name, command]).toEqual(['run', 'darkroom', 'generate']);
    expect(generate.args).toEqual(pictures.length === 0 ? ['photo.jpg'] : pictures);
    expect(JSON.parse(JSON.stringify(requestOf(generate.opts<CreateOptions>())))).toEqual(request);
  });

  test.skipIf(!hasPython)('Python has exactly this request', () => {
    const script = `
import ast, json, sys
tree = ast.parse(sys.stdin.read())
for call in ast.walk(tree):
    if isinstance(call, ast.keyword) and call.arg == "json":
        print(json.dumps(ast.literal_eval(call.value)))`;
    const printed = execFileSync('python3', ['-c', script], {
      input: sampleIn('Python', input),
      encoding: 'utf8',
    });

    expect(JSON.parse(printed)).toEqual(bodyOf(input));
  });
});
