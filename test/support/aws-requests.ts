import diagnosticsChannel from 'node:diagnostics_channel';
import type { IncomingMessage } from 'node:http';

/** A request to a service that speaks AWS JSON, with its body as it came over the wire. */
type JsonRequest = {
  /** As botocore names the service. */
  readonly service: string;
  readonly operation: string;
  readonly input: unknown;
};

/** A request to a service whose operations are methods and paths. */
export type RestRequest = {
  readonly service: 's3' | 'lambda';
  readonly method: string;
  /** With the query, as they came over the wire. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly hasBody: boolean;
};

export type AwsRequest = JsonRequest | RestRequest;

/** What `x-amz-target` has before the operation. */
const jsonServices: Readonly<Record<string, string>> = {
  DynamoDB_20120810: 'dynamodb',
  AWSStepFunctions: 'stepfunctions',
  secretsmanager: 'secretsmanager',
};

/** Records what the local stack's services in this process receive, until `stop`. */
export function recordAwsRequests() {
  const requests: AwsRequest[] = [];
  const onRequest = (message: unknown) => {
    const { request } = message as { readonly request: IncomingMessage };
    const rest = restRequest(request);
    if (rest) requests.push(rest);
    const [target = '', operation = ''] = String(request.headers['x-amz-target']).split('.');
    const service = jsonServices[target];
    if (!service) return;
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      requests.push({ service, operation, input: JSON.parse(Buffer.concat(chunks).toString()) });
    });
  };
  diagnosticsChannel.subscribe('http.server.request.start', onRequest);
  return {
    requests,
    stop: () => void diagnosticsChannel.unsubscribe('http.server.request.start', onRequest),
  };
}

/** Every signature names its service: in the header, or in the query of a presigned link. */
const credential = /[=/]\d{8}(?:\/|%2F)[\w-]+(?:\/|%2F)(s3|lambda)(?:\/|%2F)aws4_request/i;

// The body is not read: these servers read it later than a listener here would.
function restRequest({ method = '', url = '', headers }: IncomingMessage): RestRequest | undefined {
  const [, service] = credential.exec(`${headers.authorization} ${url}`) ?? [];
  if (service !== 's3' && service !== 'lambda') return undefined;
  return {
    service,
    method,
    url,
    headers: Object.fromEntries(
      Object.entries(headers).map(([name, value]) => [name, String(value)]),
    ),
    hasBody: Number(headers['content-length'] ?? 0) > 0 || 'transfer-encoding' in headers,
  };
}
