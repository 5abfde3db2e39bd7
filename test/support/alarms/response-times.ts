import * as z from 'zod';
import type { HandledRequest } from '../../../local/aws/http-api/http-api.ts';
import { type Context, resolve } from '../../../local/aws/template/intrinsics.ts';
import type { Datum } from './evaluate-alarm.ts';

const Stage = z.object({ AccessLogSettings: z.object({ Format: z.unknown() }) });
const Filter = z.object({
  FilterPattern: z.string(),
  MetricTransformations: z.tuple([
    z.object({
      MetricNamespace: z.string(),
      MetricName: z.string(),
      MetricValue: z.string(),
      Dimensions: z.array(z.object({ Key: z.string(), Value: z.string() })),
    }),
  ]),
});
const Line = z.record(z.string(), z.union([z.string(), z.number()]));
type Line = z.output<typeof Line>;

/**
 * What CloudWatch Logs would make of a request: the template's metric filter over the line that its API would write
 * to the access log. Empty for a request that the filter leaves out.
 */
export function responseTimes(context: Context) {
  const format = resolve(
    Stage.parse(onlyOne(context, 'AWS::ApiGatewayV2::Stage')).AccessLogSettings.Format,
    context,
    'the access log',
  );
  const { FilterPattern, MetricTransformations } = Filter.parse(
    onlyOne(context, 'AWS::Logs::MetricFilter'),
  );
  const [{ MetricNamespace, MetricName, MetricValue, Dimensions }] = MetricTransformations;
  const isCounted = readPattern(FilterPattern);
  return (request: HandledRequest): readonly Omit<Datum, 'at'>[] => {
    const line = Line.parse(JSON.parse(formatLine(String(format), request)));
    if (!isCounted(line)) return [];
    const dimensions = Dimensions.map(({ Key, Value }) => [Key, String(fieldOf(line, Value))]);
    return [
      {
        namespace: MetricNamespace,
        metricName: MetricName,
        dimensions: Object.fromEntries(dimensions),
        value: Number(fieldOf(line, MetricValue)),
      },
    ];
  };
}

function onlyOne({ template }: Context, type: string): unknown {
  const [resource, ...others] = Object.values(template.resources).filter(
    ({ Type }) => Type === type,
  );
  if (!resource || others.length > 0) throw new Error(`the template has not exactly one ${type}`);
  return resource.Properties;
}

/** API Gateway writes a dash for an unknown value. Here that is also a value that the local stack does not have. */
function formatLine(format: string, { requestId, routeKey, status, milliseconds }: HandledRequest) {
  const known: Readonly<Record<string, string | number | undefined>> = {
    requestId,
    routeKey,
    status,
    responseLatency: Math.round(milliseconds),
  };
  return format.replace(/\$context\.([A-Za-z.]+)/g, (_, name) => String(known[name] ?? '-'));
}

/** The value that a selector like `$.ms` names. */
const fieldOf = (line: Line, selector: string) => line[selector.replace(/^\$\./, '')];

type Condition = (line: Line) => boolean;

/** Reads a pattern whose conditions all have to hold. @throws {Error} for a condition that it does not know */
function readPattern(pattern: string): Condition {
  const [, inside = ''] = /^\{ (.+) \}$/.exec(pattern) ?? [];
  const conditions = inside.split(' && ').map(readCondition);
  return (line) => conditions.every((holds) => holds(line));
}

function readCondition(text: string): Condition {
  const [, name = '', operator, value = ''] = /^\((\S+) (\S+) (.+)\)$/.exec(text) ?? [];
  if (operator === '>=') return (line) => Number(fieldOf(line, name)) >= Number(value);
  if (operator !== '!=') throw new Error(`${text} is not known here`);
  const [, begin = '', end] = /^"([^*]*)(?:\*(.*))?"$/.exec(value) ?? [];
  const matches = (field: string) =>
    end === undefined ? field === begin : field.startsWith(begin) && field.endsWith(end);
  return (line) => !matches(String(fieldOf(line, name)));
}
