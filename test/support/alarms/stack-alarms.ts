import { type Context, resolve } from '../../../local/aws/template/intrinsics.ts';
import { readAlarm, type TestedAlarm } from './evaluate-alarm.ts';

/** The alarms of the template that a local stack runs, over the metrics that its resources would have. */
export const stackAlarms = (context: Context): readonly TestedAlarm[] =>
  Object.entries(context.template.resources).flatMap(([id, { Type, Properties }]) =>
    Type === 'AWS::CloudWatch::Alarm'
      ? [readAlarm(nameOf(id), Properties, (value) => String(resolve(value, context, id)))]
      : [],
  );

/** The name of an alarm in our code: CDK puts the name of its group before it and a hash behind it. */
function nameOf(logicalId: string): string {
  const [, name] = /^Alarms(\w+)[0-9A-F]{8}$/.exec(logicalId) ?? [];
  if (!name) throw new Error(`${logicalId} is no alarm of infra/alarms.ts`);
  return name;
}
