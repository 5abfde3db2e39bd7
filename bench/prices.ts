/**
 * AWS's list prices on demand, us-east-1, arm64, without a free tier; in dollars. Lambda, Step Functions,
 * HTTP API and S3: aws.amazon.com/<service>/pricing; DynamoDB: as cut in November 2024.
 */
export const prices = {
  asOf: '2026-11-22',
  transition: 25 / 1e6,
  invocation: 0.2 / 1e6,
  gigabyteSecond: 0.0000133334,
  writeUnit: 0.625 / 1e6,
  readUnit: 0.125 / 1e6,
  put: 0.005 / 1000,
  get: 0.0004 / 1000,
  apiRequest: 1 / 1e6,
  logGigabyte: 0.5,
} as const;

/** What one task uses of the services that AWS bills by usage. */
export type Usage = {
  readonly transitions: number;
  readonly invocations: number;
  readonly gigabyteSeconds: number;
  readonly writeUnits: number;
  readonly readUnits: number;
  readonly puts: number;
  readonly gets: number;
  readonly apiRequests: number;
  readonly logKilobytes: number;
};

/** Dollars per 1,000 tasks, by service. */
export const billOf = (usage: Usage) => ({
  'Step Functions': 1000 * usage.transitions * prices.transition,
  Lambda:
    1000 * (usage.invocations * prices.invocation + usage.gigabyteSeconds * prices.gigabyteSecond),
  DynamoDB: 1000 * (usage.writeUnits * prices.writeUnit + usage.readUnits * prices.readUnit),
  S3: 1000 * (usage.puts * prices.put + usage.gets * prices.get),
  'HTTP API': 1000 * usage.apiRequests * prices.apiRequest,
  Logs: (1000 * usage.logKilobytes * prices.logGigabyte) / 1024 ** 2,
});
