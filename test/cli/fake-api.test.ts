import { expect, onTestFinished, test } from 'vitest';
import { account } from './admin-responses.ts';
import { type Reply, startApi } from './fake-api.ts';

const path = '/v1/admin/accounts/studio';
const body = account('studio', { added_later: true });

test.each([
  ['as it is when the route declares it', { body: account('studio') }, 200],
  ['with a 500 when the route does not declare it', { body }, 500],
  ['as it is when it is undeclared on purpose', { body, isUndeclared: true }, 200],
] satisfies [string, Reply, number][])('the fake API sends a body %s', async (_, reply, status) => {
  const api = await startApi({ replies: { [`GET ${path}`]: [reply] } });
  onTestFinished(() => api.close());

  const response = await fetch(`${api.url}${path}`);

  expect(response.status).toBe(status);
  expect(await response.text()).toContain(status === 200 ? '"studio"' : 'added_later');
});
