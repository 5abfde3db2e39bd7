/** The region in an ARN; undefined without one. */
export const regionOf = (arn: string | undefined): string | undefined =>
  arn?.split(':')[3] || undefined;
