import * as z from 'zod';
import type { JsonObject } from '../json-object.ts';
import type { Engine } from './dynalite.ts';
import { requireMembers, validationError } from './error.ts';

const Update = z.object({
  TableName: z.string(),
  TimeToLiveSpecification: z.object({ Enabled: z.boolean(), AttributeName: z.string().min(1) }),
});

export async function updateTimeToLive(engine: Engine, input: JsonObject): Promise<JsonObject> {
  requireMembers(input, ['TableName', 'TimeToLiveSpecification'], 'UpdateTimeToLive');
  const { data } = Update.safeParse(input);
  if (!data) throw validationError('TimeToLiveSpecification cannot be null');
  const { Enabled: enabled, AttributeName: name } = data.TimeToLiveSpecification;
  const current = await engine.timeToLiveOf(data.TableName);

  if (current !== undefined && current !== name)
    throw validationError('TimeToLive is active on a different AttributeName');
  if (enabled === (current !== undefined))
    throw validationError(`TimeToLive is already ${enabled ? 'enabled' : 'disabled'}`);

  await engine.setTimeToLive(data.TableName, enabled ? name : undefined);
  return { TimeToLiveSpecification: data.TimeToLiveSpecification };
}

export async function describeTimeToLive(
  engine: Engine,
  { TableName: name }: JsonObject,
): Promise<JsonObject> {
  const attribute = await engine.timeToLiveOf(String(name));
  return {
    TimeToLiveDescription:
      attribute === undefined
        ? { TimeToLiveStatus: 'DISABLED' }
        : { TimeToLiveStatus: 'ENABLED', AttributeName: attribute },
  };
}
