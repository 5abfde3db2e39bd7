import { describe, expect, test } from 'vitest';
import { type Caller, hashOfKey, identify } from '../../../functions/task/identify.ts';
import { settableClock } from '../../support/fakes.ts';
import { sampleCaller } from '../../support/tasks.ts';
import { thrownBy } from '../provider/upstream.ts';

const key = 'sk-dr-one';

function world(caller: Caller = sampleCaller) {
  const known = new Map([[hashOfKey(key), caller]]);
  const asked: string[] = [];
  const clock = settableClock(0);
  const find = async (hash: string) => {
    asked.push(hash);
    return known.get(hash);
  };
  const who = identify({ keys: { find }, now: clock.now });
  return {
    ...{ known, asked, clock },
    who: (authorization: string | undefined) => who(authorization, 'generate'),
    whoAdmin: (authorization: string) => who(authorization, 'admin'),
  };
}

describe('200', () => {
  test.each([`Bearer ${key}`, `bearer ${key}`, `BEARER   ${key}`, `Bearer ${key}  `])(
    'the header %j names the caller',
    async (header) => {
      expect(await world().who(header)).toBe(sampleCaller);
    },
  );

  test('only the hash of a key leaves this place', async () => {
    const { who, asked } = world();

    await who(`Bearer ${key}`);

    expect(asked).toEqual(['c4b3020f51ebd58ac9d804e147980bfdb356834bf6e68e7f984dfe7a61756786']);
  });
});

describe('401', () => {
  const missing = 'Send your API key in the header "Authorization: Bearer <key>".';

  test.each([
    undefined,
    '',
    'Bearer',
    'Bearer ',
    key,
    `Basic ${key}`,
    `Bearer ${key} more`,
    `XBearer ${key}`,
  ])('the header %j holds no key, and nobody is asked about it', async (header) => {
    const { who, asked } = world();

    expect(await thrownBy(who(header))).toMatchObject({
      ...{ code: 'unauthorized', status: 401, message: missing, param: undefined },
    });
    expect(asked).toEqual([]);
  });

  test('a key that is not known', async () => {
    expect(await thrownBy(world().who('Bearer sk-dr-two'))).toMatchObject({
      ...{ code: 'unauthorized', status: 401, message: 'The API key is not valid.' },
    });
  });
});

describe('403', () => {
  test('a key without the scope', async () => {
    expect(await thrownBy(world().whoAdmin(`Bearer ${key}`))).toMatchObject({
      ...{
        code: 'permission_denied',
        status: 403,
        message: 'The API key lacks the scope "admin".',
      },
    });
  });

  test('not a key that has it', async () => {
    const admin: Caller = { ...sampleCaller, scopes: ['admin'] };

    expect(await world(admin).whoAdmin(`Bearer ${key}`)).toBe(admin);
  });
});

describe('what is known about a key', () => {
  test('is kept for a minute and then asked again', async () => {
    const { who, asked, clock, known } = world();
    await who(`Bearer ${key}`);
    known.clear();

    clock.advance(59_999);
    expect(await who(`Bearer ${key}`)).toBe(sampleCaller);
    expect(asked).toHaveLength(1);

    clock.advance(1);
    expect(await thrownBy(who(`Bearer ${key}`))).toMatchObject({ code: 'unauthorized' });
    expect(asked).toHaveLength(2);
  });

  test('is kept also when it is nothing', async () => {
    const { who, asked, clock, known } = world();
    await thrownBy(who('Bearer sk-dr-new'));
    known.set(hashOfKey('sk-dr-new'), sampleCaller);

    clock.advance(59_999);
    expect(await thrownBy(who('Bearer sk-dr-new'))).toMatchObject({ code: 'unauthorized' });
    expect(asked).toHaveLength(1);

    clock.advance(1);
    expect(await who('Bearer sk-dr-new')).toBe(sampleCaller);
  });

  test('is not kept when the question failed', async () => {
    let failing = true;
    const find = async () => {
      if (failing) throw new Error('throttled');
      return sampleCaller;
    };
    const who = identify({ keys: { find }, now: () => 0 });
    await expect(who(`Bearer ${key}`, 'generate')).rejects.toThrow('throttled');

    failing = false;

    expect(await who(`Bearer ${key}`, 'generate')).toBe(sampleCaller);
  });

  test('never fills the memory, however many keys are made up', async () => {
    const { who, asked } = world();
    await who(`Bearer ${key}`);

    for (let n = 0; n < 999; n += 1) await thrownBy(who(`Bearer sk-dr-${n}`));
    await who(`Bearer ${key}`);
    expect(asked).toHaveLength(1000);

    await thrownBy(who('Bearer sk-dr-999')); // one above what is kept: all is forgotten
    await who(`Bearer ${key}`);
    expect(asked).toHaveLength(1002);
  });
});
