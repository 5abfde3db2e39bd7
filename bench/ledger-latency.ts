/**
 * How many milliseconds DynamoDB's calls take while the ledger is measured: about as long as on AWS
 * (`simulation/dynamodb.ts`).
 */
export const ledgerLatency = { read: 5, write: 5, transaction: 25 };
