import { globSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import { metricNames } from '../../functions/domain/model/metric-names.ts';
import { readable } from './readable.ts';
import { ofType, propertiesOf, withCanary } from './synthesised.ts';

// Nobody tries the commands of the pages until something is broken. So their names are compared with the template: keys
// and indexes of tables, resources, outputs, log groups, metrics. alarms.test.ts checks the log events in queries.

const stage = withCanary();
const pages = ['README.md', ...globSync('docs/*.md')].map((path) => ({
  path,
  text: readFileSync(path, 'utf8'),
}));
const everything = pages.map(({ text }) => text).join('\n');
const runbook = readFileSync('docs/runbook.md', 'utf8');

/** All matches in the pages: the first group of each. */
const named = (pattern: RegExp, text = everything): readonly string[] => [
  ...new Set([...text.matchAll(pattern)].map(([, name = '']) => name)),
];

/** The blocks of commands, and the code between backticks in a line. */
const codeIn = (text: string): readonly string[] => [
  ...[...text.matchAll(/^```sh\n([\s\S]*?)^```/gm)].map(([, block = '']) => block),
  ...[...text.replaceAll(/^```[\s\S]*?^```/gm, '').matchAll(/`([^`\n]+)`/g)].map(
    ([, span = '']) => span,
  ),
];

type AwsCommand = {
  readonly path: string;
  readonly service: string;
  readonly operation: string;
  /** By their names; an option without a value has an empty one. */
  readonly options: ReadonlyMap<string, string>;
};

const awsCommands: readonly AwsCommand[] = pages.flatMap(({ path, text }) =>
  codeIn(text).flatMap((code) =>
    [...code.matchAll(/(?<![\w./-])aws (?=[a-z0-9]+ [a-z])/g)].map(({ index }) => {
      const [, service = '', operation = '', ...words] = wordsOf(code.slice(index));
      return { path, service, operation, options: optionsOf(words) };
    }),
  ),
);

/** The words of a command of the shell without their quotes, up to its end. */
function wordsOf(code: string): readonly string[] {
  const [command = ''] = /^(?:'[^']*'|"(?:\\.|[^"\\])*"|\\\n|[^\n'"|;)>])*/.exec(code) ?? [];
  const words = command.match(/(?:'[^']*'|"(?:\\.|[^"\\])*"|[^\s'"\\])+/g) ?? [];
  return words.map((word) =>
    word.replaceAll(/'([^']*)'|"((?:\\.|[^"\\])*)"/g, (_, single, double) =>
      double === undefined ? single : double.replaceAll(/\\(.)/g, '$1'),
    ),
  );
}

function optionsOf(words: readonly string[]): ReadonlyMap<string, string> {
  return new Map(
    words.flatMap((word, index) => {
      const next = words[index + 1] ?? '--';
      return word.startsWith('--') ? [[word, next.startsWith('--') ? '' : next]] : [];
    }),
  );
}

/** The values that a loop gives a variable. */
const loopValues = (variable: string): readonly string[] =>
  named(new RegExp(`for ${variable} in ([\\w ]+);`, 'g')).flatMap((values) => values.split(' '));

/** The table of the stack that `"$TASKS"` or `"$(table Tasks)"` stands for. */
function tableOf({ options }: AwsCommand): string | undefined {
  const word = options.get('--table-name') ?? '';
  const [, inline] = /^\$\(table (\w+)\)$/.exec(word) ?? [];
  return inline ?? named(new RegExp(`^${word.slice(1)}=\\$\\(table (\\w+)\\)`, 'gm'))[0];
}

const KeySchema = z
  .array(z.object({ AttributeName: z.string() }))
  .transform((keys) => keys.map(({ AttributeName }) => AttributeName));
const TableProperties = z.object({
  KeySchema,
  GlobalSecondaryIndexes: z.array(z.object({ IndexName: z.string(), KeySchema })).default([]),
});
const schemaOf = (table: string) =>
  TableProperties.parse(propertiesOf(stage, 'AWS::DynamoDB::GlobalTable', table));

test('the pages have commands of many services', () => {
  const services = new Set(awsCommands.map(({ service }) => service));

  expect(awsCommands.length).toBeGreaterThan(30);
  expect([...services]).toEqual(
    expect.arrayContaining(['apigatewayv2', 'cloudwatch', 'dynamodb', 'events', 'logs', 's3api']),
  );
});

describe('the commands about rows', () => {
  const withOption = (option: string) =>
    awsCommands
      .filter(({ service, options }) => service === 'dynamodb' && options.has(option))
      .map((command) => ({ ...command, table: tableOf(command) ?? '' }));
  const byKey = withOption('--key');
  const byCondition = withOption('--key-condition-expression');

  test('are those that read a task, have it checked, and list the tasks of an account', () => {
    expect(byKey.map(({ operation }) => operation)).toEqual(
      expect.arrayContaining(['get-item', 'update-item']),
    );
    expect(byCondition.map(({ operation }) => operation)).toContain('query');
    expect(withOption('--index-name')).not.toEqual([]);
  });

  test.each(byKey)('$path: $operation names the whole key of $table', ({ options, table }) => {
    const key = z
      .record(z.string(), z.record(z.string(), z.string()))
      .parse(JSON.parse(options.get('--key') ?? ''));

    expect(Object.keys(key)).toEqual(schemaOf(table).KeySchema);
  });

  test.each(byCondition)(
    '$path: $operation queries by a key of $table or of its index',
    ({ options, table }) => {
      const schema = schemaOf(table);
      const index = options.get('--index-name');
      const keys =
        index === undefined
          ? schema.KeySchema
          : schema.GlobalSecondaryIndexes.find(({ IndexName }) => IndexName === index)?.KeySchema;
      const condition = options.get('--key-condition-expression') ?? '';
      const attributes = named(/(?<![:\w])(\w+) *[=<>]/g, condition);

      expect(attributes).not.toEqual([]);
      expect(keys).toEqual(expect.arrayContaining([...attributes]));
    },
  );

  test('name tables of the stack', () => {
    const tables = named(/\btable ([A-Z]\w*)\)/g);

    expect(tables).toEqual(expect.arrayContaining(['Tasks', 'Queue']));
    for (const table of tables) expect(schemaOf(table).KeySchema).not.toEqual([]);
  });
});

describe('the resources that commands look up by the beginning of their names in the stack', () => {
  const lookups = [...everything.matchAll(/^(.*)\bnamed (AWS::\w+::\w+) (?:''|(\w+))/gm)].map(
    ([, before = '', type = '', prefix = '']) => ({
      type,
      prefix,
      isList: /^(LOGS|TABLES|BUCKETS|SECRETS)=/.test(before),
    }),
  );

  test('are the state machine, the API, buckets and others', () => {
    expect(lookups.length).toBeGreaterThan(8);
  });

  test.each(lookups)('$type $prefix', ({ type, prefix, isList }) => {
    const found = ofType(stage, type).filter(({ id }) => id.startsWith(prefix));

    expect(found.length).toBeGreaterThan(0);
    if (!isList) expect(found).toHaveLength(1);
  });
});

test('the outputs that the pages name are outputs of the stack', () => {
  const outputs = [
    ...Object.keys(stage.template.Outputs),
    'DomainTarget', // only with a domain
  ];
  const documented = [
    ...named(/\boutputs? `?([A-Z][A-Za-z]+)\b/g),
    ...named(/OutputKey=='(\w+)'/g),
    ...named(/<(?:the (?:name|secret) in )?([A-Z][A-Za-z]+)>/g),
  ];

  expect(documented).toEqual(
    expect.arrayContaining(['Url', 'FirstKey', 'ProviderKeys', 'CanaryKey', 'TableNames']),
  );
  expect(outputs).toEqual(expect.arrayContaining(documented));
});

describe('the queries of logs', () => {
  const groups = ofType(stage, 'AWS::Logs::LogGroup').map(({ id, Properties }) =>
    Properties['LogGroupName'] === undefined
      ? `Darkroom-${id}`
      : readable(Properties['LogGroupName'], stage.nameOf),
  );
  const queries = [...runbook.matchAll(/\bask (['"])([\s\S]*?)\1/g)].map(([, , text = '']) => text);

  test('read all log groups at once, which are no more than a query may read', () => {
    expect(queries.length).toBeGreaterThan(15);
    expect(groups.length).toBeLessThanOrEqual(50);
  });

  test('filter by log groups that exist', () => {
    const filters = named(/@log like \/([^/]+)\//g, queries.join('\n'));

    expect(filters.length).toBeGreaterThan(2);
    for (const filter of filters) expect(groups.join('\n')).toMatch(new RegExp(filter));
  });
});

describe('the metrics that the pages name', () => {
  const Metric = z.object({ Namespace: z.string(), MetricName: z.string() });
  /** Of all alarms, at any depth. */
  const metricsIn = (value: unknown): readonly string[] => {
    if (typeof value !== 'object' || value === null) return [];
    const { data } = Metric.safeParse(value);
    const own = data ? [`${data.Namespace} ${data.MetricName}`] : [];
    return [...own, ...Object.values(value).flatMap(metricsIn)];
  };

  test('are those of the alarms, where a command lists them', () => {
    const listed = awsCommands
      .filter(({ operation }) => operation === 'list-metrics')
      .flatMap(({ options }) => {
        const name = options.get('--metric-name') ?? '';
        const names = name.startsWith('$') ? loopValues(name.slice(1)) : [name];
        return names.map((one) => `${options.get('--namespace')} ${one}`);
      });
    const alarms = ofType(stage, 'AWS::CloudWatch::Alarm');

    expect(listed).not.toEqual([]);
    expect(alarms.flatMap(({ Properties }) => metricsIn(Properties))).toEqual(
      expect.arrayContaining(listed),
    );
  });

  test('are those of the functions, where a sentence names one', () => {
    const documented = named(/\bmetric `(\w+)`/g, runbook);

    expect(documented.length).toBeGreaterThan(2);
    expect(Object.values(metricNames)).toEqual(expect.arrayContaining([...documented]));
  });
});

describe('the commands that stop new requests for a restore', () => {
  const { StageName, RouteSettings } = z
    .object({ StageName: z.string(), RouteSettings: z.record(z.string(), z.unknown()) })
    .parse(propertiesOf(stage, 'AWS::ApiGatewayV2::Stage', 'Stage'));

  test('name the stage of the API', () => {
    const stages = awsCommands
      .map(({ options }) => options.get('--stage-name'))
      .filter((name) => name !== undefined);

    expect(new Set(stages)).toEqual(new Set([StageName]));
  });

  test('delete only settings that they have made: no route of the operator has throttle settings of its own', () => {
    expect(Object.keys(RouteSettings)).not.toEqual([]);
    expect(Object.keys(RouteSettings).filter((key) => key.includes('/v1/admin/'))).toEqual([]);
  });
});
