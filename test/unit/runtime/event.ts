import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda';

/** An event of API Gateway. A body that is not a string is sent as JSON. */
export function event({ body, ...more }: Partial<Omit<Event, 'body'>> & { body?: unknown } = {}) {
  const path = '/v1/images/generations';
  const routeKey = `POST ${path}`;
  return {
    version: '2.0',
    routeKey,
    rawPath: path,
    rawQueryString: '',
    headers: { authorization: 'Bearer sk-dr-test', 'content-type': 'application/json' },
    requestContext: {
      accountId: '1',
      apiId: 'api',
      stage: '$default',
      requestId: 'request-1',
      routeKey,
      domainName: 'api.example.com',
      domainPrefix: 'api',
      time: '',
      timeEpoch: 0,
      http: {
        method: 'POST',
        path,
        protocol: 'HTTP/1.1',
        sourceIp: '192.0.2.1',
        userAgent: 'test',
      },
    },
    isBase64Encoded: false,
    ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    ...more,
  } satisfies Event;
}

type Event = APIGatewayProxyEventV2;

/** The parsed body of a response. */
export const bodyOf = ({ body = 'null' }: APIGatewayProxyStructuredResultV2): unknown =>
  JSON.parse(body);
