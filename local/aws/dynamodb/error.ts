import { AwsError } from '../aws-error.ts';
import type { JsonObject } from '../json-object.ts';

const dynamoDb = 'com.amazonaws.dynamodb.v20120810';
// DynamoDB spells `Message` with a capital in some of its errors.
const errors = {
  SerializationException: { namespace: 'com.amazon.coral.service', text: 'Message' },
  ValidationException: { namespace: 'com.amazon.coral.validate', text: 'message' },
  IdempotentParameterMismatchException: { namespace: dynamoDb, text: 'Message' },
  TransactionCanceledException: { namespace: dynamoDb, text: 'Message' },
  TransactionConflictException: { namespace: dynamoDb, text: 'message' },
  TransactionInProgressException: { namespace: dynamoDb, text: 'Message' },
} as const;

export function dynamoDbError(
  code: keyof typeof errors,
  message: string,
  fields: JsonObject = {},
): AwsError {
  const { namespace, text } = errors[code];
  return new AwsError({ __type: `${namespace}#${code}`, ...fields, [text]: message });
}

export const validationError = (message: string): AwsError =>
  dynamoDbError('ValidationException', message);

/** The error for a member of a request that DynamoDB has, but the local one has not. */
export const notImplemented = (member: string): AwsError =>
  validationError(`The local DynamoDB does not implement ${member}.`);

/** @throws {AwsError} when the input has another member, which would be ignored */
export function requireMembers(input: JsonObject, members: readonly string[], path: string): void {
  for (const name of Object.keys(input))
    if (!members.includes(name)) throw notImplemented(`${path}.${name}`);
}
