import * as z from 'zod';
import type { Engine } from './engine.ts';
import type { Json } from './json.ts';
import { invalid } from './refusal.ts';

const Update = z.object({
  TableName: z.string(),
  TimeToLiveSpecification: z.object({ Enabled: z.boolean(), AttributeName: z.string().min(1) }),
});

export async function updateTimeToLive(engine: Engine, input: Json): Promise<Json> {
  const { data } = Update.safeParse(input);
  if (!data) throw invalid('TimeToLiveSpecification cannot be null');
  const { Enabled: enabled, AttributeName: name } = data.TimeToLiveSpecification;
  const { TimeToLiveAttribute: current, ...table } = await engine.table(data.TableName);

  if (current !== undefined && current !== name)
    throw invalid('TimeToLive is active on a different AttributeName');
  if (enabled === (current !== undefined))
    throw invalid(`TimeToLive is already ${enabled ? 'enabled' : 'disabled'}`);

  await engine.saveTable({ ...table, ...(enabled && { TimeToLiveAttribute: name }) });
  return { TimeToLiveSpecification: data.TimeToLiveSpecification };
}

export async function describeTimeToLive(engine: Engine, { TableName: name }: Json): Promise<Json> {
  const { TimeToLiveAttribute: attribute } = await engine.table(String(name));
  return {
    TimeToLiveDescription:
      attribute === undefined
        ? { TimeToLiveStatus: 'DISABLED' }
        : { TimeToLiveStatus: 'ENABLED', AttributeName: attribute },
  };
}
