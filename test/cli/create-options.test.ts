import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import { createDarkroom } from '../../cli/darkroom-commands.ts';
import { processTerminal } from '../../cli/program/process-terminal.ts';
import { optionOfField } from '../../cli/tasks/create-options.ts';
import { GenerationRequest } from '../../functions/domain/wire/request.ts';
import { darkroomContext } from './darkroom-context.ts';

const options = ['--prompt', 'stars', '--async', '--json'];

const fieldsOfCreate = (): readonly string[] => {
  const { properties = {} } = z.toJSONSchema(GenerationRequest, {
    io: 'input',
    unrepresentable: 'any',
  });
  return Object.keys(properties);
};

describe('every field of a create', () => {
  test('has an argument or an option of `darkroom generate`, and every option in the list belongs to a field', () => {
    expect(fieldsOfCreate().length).toBeGreaterThan(10);
    expect(Object.keys(optionOfField).sort()).toEqual([...fieldsOfCreate()].sort());
  });

  test('has an argument or an option that the command knows', () => {
    const command = createDarkroom(processTerminal()).commands.find(
      (one) => one.name() === 'generate',
    );
    const known = [
      ...(command?.options ?? []).map(({ long }) => long),
      ...(command?.registeredArguments ?? []).map((one) => `<${one.name()}...>`),
    ];
    expect(Object.values(optionOfField).filter((option) => !known.includes(option))).toEqual([]);
  });

  test.each([
    ['n', ['--n', '3'], 3],
    ['model', ['--model', 'wan2.5-i2i-preview'], 'wan2.5-i2i-preview'],
    ['size', ['--size', '16:9'], '16:9'],
    ['seed', ['--seed', '0'], 0],
    ['negative_prompt', ['--negative-prompt', 'fog'], 'fog'],
    ['prompt_extend', ['--prompt-extend'], true],
    ['prompt_extend', ['--no-prompt-extend'], false],
    ['watermark', ['--watermark'], true],
    ['watermark', ['--no-watermark'], false],
    ['lane', ['--bulk'], 'bulk'],
    ['callback_url', ['--callback-url', 'https://example.com/x'], 'https://example.com/x'],
    [
      'metadata',
      ['--metadata', 'order=4711', '--metadata', 'note=a=b', '--metadata', '__proto__=x'],
      { order: '4711', note: 'a=b', ['__proto__']: 'x' },
    ],
  ])('is sent as it was given: %s %j', async (field, args, value) => {
    const { api, photo, run } = await darkroomContext();

    const { code } = await run(['generate', photo, ...options, ...args]);

    const body = JSON.parse(String(api.calls('/v1/images')[0]?.body));
    expect(body[field]).toEqual(value);
    expect(Object.keys(body).sort()).toEqual(['image_uploads', 'prompt', field].sort());
    expect(code).toBe(0);
  });

  test.each([
    ['--metadata', 'order'],
    ['--metadata', '=4711'],
    ['--seed', '2147483648'],
    ['--timeout', '10'],
    ['--timeout', '49h'],
    ['--idempotency-key', ''],
  ])('is reported as wrong usage when its option is wrong: %s %s', async (option, value) => {
    const { api, photo, run } = await darkroomContext();

    expect((await run(['generate', photo, ...options, option, value])).code).toBe(2);
    expect(api.calls()).toEqual([]);
  });
});
