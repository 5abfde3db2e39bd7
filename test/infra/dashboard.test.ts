import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import { metricNames } from '../../functions/domain/model/metric-names.ts';
import { readable } from './readable.ts';
import { ofType, stageNames, synthesised } from './synthesised.ts';

const Body = z.object({
  widgets: z.array(
    z.object({
      type: z.string(),
      x: z.number(),
      y: z.number(),
      width: z.number(),
      height: z.number(),
      properties: z.looseObject({
        title: z.string().optional(),
        alarms: z.array(z.string()).optional(),
        metrics: z.array(z.array(z.unknown())).optional(),
      }),
    }),
  ),
});

describe.each(stageNames)('the dashboard of %s', (name) => {
  const stage = synthesised(name);
  const [found, ...more] = ofType(stage, 'AWS::CloudWatch::Dashboard');
  const text = readable(found?.Properties['DashboardBody'], stage.nameOf);
  const { widgets } = Body.parse(JSON.parse(text));
  const metrics = widgets.flatMap(({ properties }) => properties.metrics ?? []);

  test('is one page, and no widget is wider than it', () => {
    expect(more).toEqual([]);
    expect(widgets).not.toEqual([]);
    for (const { x, width } of widgets) expect(x + width).toBeLessThanOrEqual(24);
  });

  test('begins with the alarms', () => {
    const alarms = ofType(stage, 'AWS::CloudWatch::Alarm').map((alarm) => `${alarm.name}`);

    expect(widgets[0]?.properties.alarms).toEqual(alarms);
  });

  test('shows every metric that functions emit but those of the canary, and no other', () => {
    const shown = metrics.filter(([space]) => space === 'Darkroom').map(([, metric]) => metric);

    const all = Object.values(metricNames).filter((metric) => !metric.startsWith('Canary'));
    expect([...new Set(shown)].sort()).toEqual(all.sort());
  });

  test('shows the metrics of this stack only', () => {
    expect(metrics).not.toEqual([]);
    for (const [space, , dimension, value] of metrics) {
      if (space === 'Darkroom') expect([dimension, value]).toEqual(['service', 'AWS::StackName']);
      else expect(dimension).toMatch(/^(ApiId|FunctionName|StateMachineArn)$/);
    }
  });

  test('shows these, from top to bottom', () => {
    expect(widgets.map(({ properties }) => properties.title)).toEqual([
      'Alarm Status',
      'Tasks',
      'Tasks that failed, by code',
      'Seconds from start to end',
      'Seconds until a provider accepted the job',
      'Seconds at the provider',
      'Tasks that wait for a slot',
      'Seconds that the first of them has waited',
      'Slots of the providers',
      'Credits, and creates beyond a daily budget',
      'Images',
      'Recovered by the reconciler',
      'Not recovered',
      'Requests',
      'Responses that are errors',
      'Response time in milliseconds',
      'Executions',
      'Errors of functions',
      'Throttles of functions',
    ]);
  });
});

test('every metric in the registry is emitted by the code, or made from the access log', () => {
  const code = readdirSync('functions', { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts'))
    .map((path) => readFileSync(join('functions', path), 'utf8'))
    .concat(readFileSync('infra/api.ts', 'utf8'))
    .join('\n');

  expect(metricNames).not.toEqual({});
  expect(
    Object.keys(metricNames).filter((key) => !new RegExp(`\\bmetricNames\\.${key}\\b`).test(code)),
  ).toEqual([]);
});
