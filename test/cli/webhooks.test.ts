import { describe, expect, test } from 'vitest';
import { errorReply } from './admin-responses.ts';
import { darkroomContext } from './darkroom-context.ts';
import type { Reply } from './fake-api.ts';

const url = 'https://shop.example.com/done';
const result = {
  object: 'webhook_test',
  event_id: 'evt-task-test-1772443840-imcg5zqt',
  delivered: true,
  status: 200,
  ms: 84,
  reason: null,
  response_text: 'ok',
};
const contextWithReply = (reply: Reply | 'hang up') =>
  darkroomContext({ replies: { 'POST /v1/webhooks/test': [reply] } });

describe('darkroom webhooks test', () => {
  test('asks for an event and shows the status, the time and the words of the receiver', async () => {
    const { api, runInProcess } = await contextWithReply({ body: result });

    const { code, printed } = await runInProcess(['webhooks', 'test', url]);

    expect(printed.split('\n')).toEqual([
      'event      evt-task-test-1772443840-imcg5zqt',
      'delivered  yes',
      'status     200',
      'took       84 ms',
      'answer     ok',
    ]);
    expect(code).toBe(0);
    expect(JSON.parse(String(api.calls()[0]?.body))).toEqual({ url });
  });

  test('fails with the reason when the event was not delivered', async () => {
    const reason = 'url refused the connection';
    const { runInProcess } = await contextWithReply({
      body: { ...result, delivered: false, status: null, reason, response_text: null },
    });

    const { code, printed, message } = await runInProcess(['webhooks', 'test', url]);

    expect(code).toBe(11);
    expect(message).toBe(`The event was not delivered: ${reason}`);
    expect(printed).toContain('status     no answer');
  });

  test('prints the response with --json', async () => {
    const { runInProcess } = await contextWithReply({ body: result });

    const { printed } = await runInProcess(['webhooks', 'test', url, '--json']);

    expect(JSON.parse(printed)).toEqual(result);
  });

  test('says which key it needs when the key lacks the scope', async () => {
    const { runInProcess } = await contextWithReply(
      errorReply(403, 'permission_denied', 'The API key lacks the scope "manage".'),
    );

    expect(await runInProcess(['webhooks', 'test', url])).toMatchObject({
      code: 6,
      message: expect.stringContaining('a key with the scope manage or admin'),
    });
  });

  test('does not repeat itself when the response is lost, since the event may have been sent', async () => {
    const { api, runInProcess } = await contextWithReply('hang up');

    expect(await runInProcess(['webhooks', 'test', url])).toMatchObject({ code: 8 });
    expect(api.calls()).toHaveLength(1);
  });
});
