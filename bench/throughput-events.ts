/** The API key of the n-th caller. */
export const keyOfCaller = (caller: number): string =>
  `sk-dr-${String(caller).padStart(43, 'benchmark')}`;

type ApiRequest = { readonly method: string; readonly path: string; readonly caller: number };

/** An event as API Gateway passes it to a function. */
const eventOf = ({ method, path, caller }: ApiRequest, fields: object) => ({
  version: '2.0',
  routeKey: `${method} ${path}`,
  rawPath: path,
  rawQueryString: '',
  headers: {
    authorization: `Bearer ${keyOfCaller(caller)}`,
    'content-type': 'application/json',
    'user-agent': 'bench',
  },
  requestContext: { requestId: 'request-1', http: { method, path, sourceIp: '127.0.0.1' } },
  isBase64Encoded: false,
  ...fields,
});

export const createEvent = (caller: number) =>
  eventOf(
    { method: 'POST', path: '/v1/images/generations', caller },
    {
      body: JSON.stringify({
        model: 'wan2.5-image-to-image',
        prompt: 'Replace the background with a starry sky',
        image_urls: ['https://example.com/cat.png'],
        callback_url: 'https://example.com/done',
      }),
    },
  );

export const getEvent = (caller: number, id: string) =>
  eventOf(
    { method: 'GET', path: `/v1/tasks/${id}`, caller },
    { routeKey: 'GET /v1/tasks/{task_id}', pathParameters: { task_id: id } },
  );
