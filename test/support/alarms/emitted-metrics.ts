import * as z from 'zod';
import type { Datum } from './evaluate-alarm.ts';

// The embedded metric format: what CloudWatch makes numbers of.
const Emitted = z.looseObject({
  _aws: z.object({
    Timestamp: z.number(),
    CloudWatchMetrics: z.array(
      z.object({
        Namespace: z.string(),
        Dimensions: z.array(z.array(z.string())),
        Metrics: z.array(z.object({ Name: z.string() })),
      }),
    ),
  }),
});
const Value = z.union([z.number().transform((one) => [one]), z.array(z.number())]);

/** The numbers that CloudWatch would make of a line that a function logged: none of most lines. */
export function dataInLine(line: string): readonly Datum[] {
  if (!line.startsWith('{') || !line.includes('"CloudWatchMetrics"')) return [];
  const parsed = Emitted.parse(JSON.parse(line));
  const { Timestamp: at, CloudWatchMetrics } = parsed._aws;
  return CloudWatchMetrics.flatMap(({ Namespace: namespace, Dimensions, Metrics }) =>
    Dimensions.flatMap((names) => {
      const dimensions = Object.fromEntries(names.map((name) => [name, String(parsed[name])]));
      return Metrics.flatMap(({ Name: metricName }) =>
        Value.parse(parsed[metricName]).map((value) => ({
          namespace,
          metricName,
          dimensions,
          at,
          value,
        })),
      );
    }),
  );
}
