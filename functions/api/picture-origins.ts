/**
 * The origins that the console sends pictures to and shows them from: those of the buckets, or the one of an endpoint of
 * S3 that is not AWS's own.
 * @param origins separated by spaces
 */
export const originsOf = (origins: string, endpoint?: string): string =>
  endpoint === undefined ? origins : new URL(endpoint).origin;
