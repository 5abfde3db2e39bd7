import diagnosticsChannel from 'node:diagnostics_channel';
import type { IncomingMessage } from 'node:http';

/** A request to a service that speaks AWS JSON, with its body as it came over the wire. */
export type AwsRequest = {
  /** As botocore names the service. */
  readonly service: string;
  readonly operation: string;
  readonly input: unknown;
};

/** What `x-amz-target` has before the operation. */
const services: Readonly<Record<string, string>> = {
  DynamoDB_20120810: 'dynamodb',
  AWSStepFunctions: 'stepfunctions',
  secretsmanager: 'secretsmanager',
};

/** Records what the local stack's services in this process receive, until `stop`. */
export function recordAwsRequests() {
  const requests: AwsRequest[] = [];
  const onRequest = (message: unknown) => {
    const { request } = message as { readonly request: IncomingMessage };
    const [target = '', operation = ''] = String(request.headers['x-amz-target']).split('.');
    const service = services[target];
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
