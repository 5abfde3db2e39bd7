import { expect, expectTypeOf, test } from 'vitest';
import { log } from '../../../functions/runtime/log.ts';
import { lines } from './lines.ts';

const written = lines();

test('a log line has the event and its fields', () => {
  log('info', 'task.created', { taskId: 'task-7', requestId: 'r', route: 'x', status: 200 });

  expect(written.last()).toMatchObject({
    level: 'INFO',
    message: 'task.created',
    service: 'darkroom',
    taskId: 'task-7',
    requestId: 'r',
    route: 'x',
    status: 200,
  });
});

test('an event without fields is logged, too', () => {
  log('warn', 'reconcile.started');

  expect(written.last()).toMatchObject({ level: 'WARN', message: 'reconcile.started' });
  expect(written.last()).not.toHaveProperty('cause');
});

test('there is no field for a secret, a URL or a text of the caller', () => {
  expectTypeOf<NonNullable<Parameters<typeof log>[2]>>()
    .toHaveProperty('taskId')
    .toEqualTypeOf<string | undefined>();
  expectTypeOf<keyof NonNullable<Parameters<typeof log>[2]>>().toEqualTypeOf<
    | 'taskId'
    | 'requestId'
    | 'route'
    | 'keyName'
    | 'status'
    | 'code'
    | 'count'
    | 'credits'
    | 'account'
    | 'provider'
    | 'providerError'
    | 'cause'
  >();
});

test('an error is logged with its name and stack, without its message, which may quote a secret', () => {
  log('error', 'request.failed', { cause: new RangeError('cannot send\nBearer sk-dr-secret') });

  expect(written.last()).toMatchObject({
    cause: { name: 'RangeError', place: expect.arrayContaining([expect.stringContaining('at ')]) },
  });
  expect(written.text()).not.toMatch(/cannot send|secret/);
});

test.each<[string, () => Error]>([
  ['of an error', () => new Error('x\n    at Bearer sk-dr-secret')],
  ['that has nothing before it', () => new Error('    at Bearer sk-dr-secret')],
  ['that quotes the body of a request', () => parsingOf('[\n    at sk-1]')],
  ['at its end', () => new TypeError('TypeError\nx\n    at sk-dr-secret\n    at sk-dr-secret')],
])(
  'a line of a message that looks like one of the stack is not logged: one %s',
  (_what, errorOf) => {
    const cause = errorOf();
    expect(cause.message).toMatch(/secret|sk-1/);

    log('error', 'request.failed', { cause });

    expect(written.last()).toMatchObject({
      cause: {
        name: cause.name,
        place: expect.arrayContaining([expect.stringContaining('log.test')]),
      },
    });
    expect(written.text()).not.toMatch(/secret|sk-1/);
  },
);

function parsingOf(text: string): Error {
  try {
    return JSON.parse(text);
  } catch (thrown) {
    if (thrown instanceof Error) return thrown;
    throw thrown;
  }
}

test.each([
  ['another one', 'x\n    at Bearer sk-dr-secret', 'y'],
  ['its end', 'bad x\n    at Bearer sk-dr-secret', 'x'],
  ['none', 'x\n    at Bearer sk-dr-secret', ''],
])(
  'the stack of an error whose message was replaced is not logged: %s',
  (_what, before, message) => {
    const cause = new Error(before);
    expect(cause.stack).toContain('secret'); // from here on the stack has the first message
    cause.message = message;

    log('error', 'request.failed', { cause });

    expect(written.last()).toMatchObject({ cause: { name: 'Error' } });
    expect(written.text()).not.toMatch(/secret/);
  },
);

test('at most six lines of the stack are logged', () => {
  const deep = (left: number): Error => (left > 0 ? deep(left - 1) : new Error());

  log('error', 'request.failed', { cause: deep(20) });

  expect(written.last()).toMatchObject({ cause: { place: { length: 6 } } });
});

test('an error without a stack is logged with its name', () => {
  const cause = Object.assign(new TypeError('x'), { stack: undefined });

  log('error', 'request.failed', { cause });

  expect(written.last()).toMatchObject({ cause: { name: 'TypeError' } });
});

test.each([
  ['sk-dr-secret', 'string'],
  [{ key: 'sk-dr-secret' }, 'object'],
  [null, 'object'],
])('a thrown value that is no error is logged with its type', (cause, name) => {
  log('error', 'request.failed', { cause });

  expect(written.last()).toMatchObject({ cause: { name } });
  expect(written.text()).not.toContain('sk-dr-secret');
});

test('the causes of an error are logged with their names, codes, statuses and our own reasons', () => {
  const socket = Object.assign(new Error('connect to 10.0.0.1'), { code: 'ECONNREFUSED' });
  const unreachable = Object.assign(new Error('x', { cause: socket }), {
    name: 'Unreachable',
    logReason: 'refused the connection',
  });
  const cause = Object.assign(new Error('x', { cause: unreachable }), {
    name: 'S3ServiceException',
    $metadata: { httpStatusCode: 503 },
  });

  log('warn', 'state.failed', { cause });

  expect(written.last()).toMatchObject({
    cause: {
      name: 'S3ServiceException',
      status: 503,
      cause: {
        name: 'Unreachable',
        reason: 'refused the connection',
        cause: { name: 'Error', code: 'ECONNREFUSED' },
      },
    },
  });
  expect(written.text()).not.toContain('10.0.0.1');
});

test.each([
  { code: 'a text of sk-dr-secret' },
  { code: 'SK-DR-SECRET' },
  { status: 'sk-dr-secret' },
  { logReason: { key: 'sk-dr-secret' } },
  { $metadata: 'sk-dr-secret' },
])('a field of an error that may quote something is not logged: %j', (fields) => {
  log('warn', 'state.failed', { cause: Object.assign(new Error('x'), fields) });

  expect(written.last()).toMatchObject({ cause: { name: 'Error' } });
  expect(written.text()).not.toMatch(/sk-dr-secret/i);
});

test('at most four errors of a chain are logged', () => {
  const chain = (left: number): Error =>
    new Error('x', left > 0 ? { cause: chain(left - 1) } : undefined);

  log('warn', 'state.failed', { cause: chain(10) });

  expect(JSON.stringify(written.last()).match(/"name":"Error"/g)).toHaveLength(4);
});
