import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import { storedLimits } from '../../cli/account/upload-command.ts';
import { createDarkroom } from '../../cli/darkroom-commands.ts';
import { limitsOf } from '../../cli/pictures/read-pictures.ts';
import { processTerminal } from '../../cli/program/process-terminal.ts';
import { optionOfField, requestOf } from '../../cli/tasks/create-options.ts';
import { defaultModel, type Model } from '../../functions/domain/model/catalogue.ts';
import { maxUploadBytes } from '../../functions/domain/model/hosted-file.ts';
import { GenerationRequest, generationRequest } from '../../functions/domain/wire/request.ts';
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

describe('with a second model of other limits', () => {
  const second: Model = {
    ...defaultModel,
    id: 'second-model',
    aliases: ['second'],
    maxN: 6,
    image: { maxBytes: 20 * 1024 * 1024, minSide: 64, maxSide: 8000 },
  };
  const catalogue = [defaultModel, second];
  const request = (options: { readonly n: number; readonly model?: string }) =>
    requestOf({ prompt: 'stars', ...options }, catalogue);

  test.each([
    [4, undefined],
    [4, defaultModel.id],
    [6, 'second-model'],
    [6, 'second'],
  ])('%i images are sent to the API, which takes them, for the model %s', (n, model) => {
    const sent = request({ n, ...(model !== undefined && { model }) });

    expect(sent.n).toBe(n);
    const body = { ...sent, image_urls: ['https://example.com/a.png'] };
    expect(generationRequest(catalogue).safeParse(body).success).toBe(true);
  });

  test('any number is sent to the API for a model that only the API knows', () => {
    expect(request({ n: 40, model: 'our-model' }).n).toBe(40);
  });

  test.each([
    [5, undefined, 4],
    [5, defaultModel.id, 4],
    [7, 'second-model', 6],
    [7, 'second', 6],
  ])(
    '%i images are too many for the model %s, and the error says that %i are not',
    (n, model, max) => {
      expect(() => request({ n, ...(model !== undefined && { model }) })).toThrow(
        `It must be a whole number from 1 to ${max}.`,
      );
    },
  );

  test('a picture is judged by the model of the task, whichever of its names is used', () => {
    expect(limitsOf(undefined, catalogue)).toEqual(defaultModel.image);
    expect(limitsOf('second-model', catalogue)).toEqual(second.image);
    expect(limitsOf('second', catalogue)).toEqual(second.image);
  });

  test('a picture for a model that only the API knows may be what any model takes', () => {
    expect(limitsOf('our-model', catalogue)).toEqual({
      maxBytes: 20 * 1024 * 1024,
      minSide: 64,
      maxSide: 8000,
    });
  });

  test('a stored picture may be what any model takes, in a request that has room for it', () => {
    expect(storedLimits(catalogue)).toEqual({
      maxBytes: maxUploadBytes,
      minSide: 64,
      maxSide: 8000,
    });
  });
});
