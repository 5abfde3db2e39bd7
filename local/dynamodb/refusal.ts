import type { Json } from './json.ts';

const namespaces = {
  SerializationException: 'com.amazon.coral.service',
  UnknownOperationException: 'com.amazon.coral.service',
  MissingAuthenticationTokenException: 'com.amazon.coral.service',
  IncompleteSignatureException: 'com.amazon.coral.service',
  ValidationException: 'com.amazon.coral.validate',
  IdempotentParameterMismatchException: 'com.amazonaws.dynamodb.v20120810',
  TransactionCanceledException: 'com.amazonaws.dynamodb.v20120810',
} as const;

/** An error that is an answer: `body` goes to the caller as it is. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly body: Json;

  constructor(body: Json) {
    super(String(body['message'] ?? body['__type']));
    this.body = body;
  }

  /** The exception's name without its namespace. */
  get code(): string {
    return String(this.body['__type']).split('#').at(-1) ?? '';
  }
}

export const refuse = (code: keyof typeof namespaces, message?: string, more: Json = {}): Refusal =>
  new Refusal({ __type: `${namespaces[code]}#${code}`, ...(message && { message }), ...more });

// Whoever lets people in answers for all services, and words it with a capital.
export const forbidden = (reason: string): Refusal =>
  new Refusal({ __type: 'com.amazon.coral.service#AccessDeniedException', Message: reason });

export const invalid = (message: string): Refusal => refuse('ValidationException', message);
