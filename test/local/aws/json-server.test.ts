import { crc32 } from 'node:zlib';
import { expect, onTestFinished, test, vi } from 'vitest';
import { AwsError } from '../../../local/aws/aws-error.ts';
import { createJsonServer, type JsonService } from '../../../local/aws/json-server.ts';
import { listen } from '../../../local/aws/listen.ts';

const signed =
  'AWS4-HMAC-SHA256 Credential=key/20300101/eu-central-1/greeter/aws4_request, SignedHeaders=host, Signature=00';

async function greeter(options: Partial<JsonService> = {}) {
  const server = await listen(
    createJsonServer({
      name: 'Greeter',
      target: 'Greeter_2030',
      version: '1.1',
      operations: {
        Greet: ({ who }) => ({ greeting: `Hello ${who}` }),
        Refuse: () => {
          throw new AwsError({ __type: 'greeter#RudeException', message: 'No.' });
        },
        Crash: () => {
          throw new Error('a mistake');
        },
      },
      requiredActions: (operation) => [{ action: `greeter:${operation}`, resource: '*' }],
      authorize: () => undefined,
      internalError: 'GreeterFailure',
      ...options,
    }),
    0,
  );
  onTestFinished(server.close);
  return async (target: string, body = '{"who":"you"}', authorization = signed) => {
    const response = await fetch(server.url, {
      method: 'POST',
      headers: { 'x-amz-target': target, authorization },
      body,
    });
    const content = await response.text();
    return {
      status: response.status,
      headers: response.headers,
      content,
      body: JSON.parse(content),
    };
  };
}

test('a request is answered in the version of the service, with an id', async () => {
  const ask = await greeter();

  const { status, headers, body } = await ask('Greeter_2030.Greet');

  expect([status, body]).toEqual([200, { greeting: 'Hello you' }]);
  expect(headers.get('content-type')).toBe('application/x-amz-json-1.1');
  expect(headers.get('x-amzn-requestid')).toMatch(/^[\da-f-]{36}$/);
  expect(headers.get('x-amz-crc32')).toBeNull();
});

test('a service that sends checksums sends that of the body', async () => {
  const ask = await greeter({ sendsCrc32: true });

  const { headers, content } = await ask('Greeter_2030.Greet');

  expect(headers.get('x-amz-crc32')).toBe(String(crc32(content)));
});

test.each([
  ['Greeter_2030.Dance', 'Dance'],
  ['Greeter_2030.constructor', 'constructor'],
  ['Greeter_1999.Greet', 'Greeter_1999.Greet'],
])('the unknown operation %s is refused by name', async (target, named) => {
  const ask = await greeter();

  expect(await ask(target)).toMatchObject({
    status: 400,
    body: {
      __type: 'com.amazon.coral.service#UnknownOperationException',
      message: `The local Greeter does not implement ${named}.`,
    },
  });
});

test.each(['', '{', '[]', '"text"'])(
  'the body %j is refused: it is no JSON object',
  async (body) => {
    const ask = await greeter();

    expect(await ask('Greeter_2030.Greet', body)).toMatchObject({
      status: 400,
      body: { __type: 'com.amazon.coral.service#SerializationException' },
    });
  },
);

test('a caller is known by the access key, and a denial reaches it with its reason', async () => {
  const ask = await greeter({
    authorize: (accessKeyId, actions) => `${accessKeyId} may not ${actions[0]?.action}`,
  });

  expect(await ask('Greeter_2030.Greet')).toMatchObject({
    status: 400,
    body: {
      __type: 'com.amazon.coral.service#AccessDeniedException',
      Message: 'key may not greeter:Greet',
    },
  });
});

test('an error of the service reaches the caller as it is', async () => {
  const ask = await greeter();

  expect(await ask('Greeter_2030.Refuse')).toMatchObject({
    status: 400,
    body: { __type: 'greeter#RudeException', message: 'No.' },
  });
});

test('a mistake in an operation is logged, and a response with status 500', async () => {
  const logged = vi.spyOn(console, 'error').mockImplementation(() => undefined);
  onTestFinished(() => logged.mockRestore());
  const ask = await greeter();

  expect(await ask('Greeter_2030.Crash')).toMatchObject({
    status: 500,
    body: { __type: 'GreeterFailure', message: 'Error: a mistake' },
  });
  expect(logged).toHaveBeenCalledExactlyOnceWith(new Error('a mistake'));
});

test('an intercept that returns nothing breaks the connection', async () => {
  const ask = await greeter({ intercept: async () => undefined });

  await expect(ask('Greeter_2030.Greet')).rejects.toThrow('fetch failed');
});
