import { createServer, type IncomingMessage } from 'node:http';
import { listen, type RunningServer } from './listen.ts';

/** The error code of every response. SDKs do not repeat a request after it. */
const code = 'NotEmulated';

/**
 * Answers the requests to all services that are not emulated here, so that none leaves this machine: an error that
 * names the service.
 */
export const startOtherServices = (): Promise<RunningServer> =>
  listen(
    createServer((request, response) => {
      request.resume();
      const message = `The local stack does not emulate the service "${serviceOf(request)}".`;
      const [type, body] = isQuery(request)
        ? ['text/xml', xmlError(message)]
        : ['application/x-amz-json-1.0', JSON.stringify({ __type: code, message })];
      response.writeHead(501, { 'content-type': type, 'x-amzn-errortype': code }).end(body);
    }),
    0,
  );

// The signature has the service: Credential=<key>/<date>/<region>/<service>/aws4_request
const serviceOf = ({ headers }: IncomingMessage): string =>
  /Credential=[^/]+\/\d+\/[^/]+\/([\w.-]+)\//.exec(headers.authorization ?? '')?.[1] ?? 'unknown';

/** Older services send a form and read XML. */
const isQuery = ({ headers }: IncomingMessage): boolean =>
  headers['content-type']?.startsWith('application/x-www-form-urlencoded') ?? false;

const xmlError = (message: string): string =>
  `<ErrorResponse><Error><Type>Sender</Type><Code>${code}</Code><Message>${message}</Message></Error></ErrorResponse>`;
