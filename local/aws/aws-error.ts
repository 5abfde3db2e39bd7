import type { JsonObject } from './json-object.ts';

/** An error response of an AWS service with a JSON API: `body` is sent to the caller as it is. */
export class AwsError extends Error {
  override readonly name = 'AwsError';
  readonly body: JsonObject;

  constructor(body: JsonObject) {
    super(String(body['message'] ?? body['Message'] ?? body['__type']));
    this.body = body;
  }

  /** The exception's name without its namespace. */
  get code(): string {
    return String(this.body['__type']).split('#').at(-1) ?? '';
  }
}
