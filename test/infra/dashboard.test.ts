import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import { countedMetrics } from './counted-metrics.ts';
import { readable } from './readable.ts';
import { ofType, stageNames, synthesised } from './synthesised.ts';

const Body = z.object({
  widgets: z.array(
    z.object({
      ...{ type: z.string(), x: z.number(), y: z.number(), width: z.number(), height: z.number() },
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

  test('is one, and fits its page', () => {
    expect(more).toEqual([]);
    for (const { x, width } of widgets) expect(x + width).toBeLessThanOrEqual(24);
  });

  test('says first which alarms there are', () => {
    const alarms = ofType(stage, 'AWS::CloudWatch::Alarm').map((alarm) => `${alarm.name}`);

    expect(widgets[0]?.properties.alarms).toEqual(alarms);
  });

  test('shows everything that functions count, and nothing that nobody counts', () => {
    const shown = metrics.filter(([space]) => space === 'Darkroom').map(([, metric]) => metric);

    expect([...new Set(shown)].sort()).toEqual(countedMetrics);
  });

  test('shows this stack alone', () => {
    for (const [space, , dimension, value] of metrics) {
      if (space === 'Darkroom') expect([dimension, value]).toEqual(['service', 'AWS::StackName']);
      else expect(dimension).toMatch(/^(ApiId|FunctionName|StateMachineArn)$/);
    }
  });

  test('shows these, from top to bottom', () => {
    expect(widgets.map(({ properties }) => properties.title)).toEqual([
      'Alarm Status',
      ...['Tasks', 'Tasks that failed, by code'],
      'Seconds from the start to the end',
      ...['Seconds until the provider took it', 'Seconds with the provider'],
      ...['Credits', 'Images', 'What the sweep had to bring on', 'What nothing could mend'],
      ...['Requests', 'Answers that are errors', 'Milliseconds of an answer'],
      ...['Executions', 'Errors of functions', 'Throttles of functions'],
    ]);
  });
});
