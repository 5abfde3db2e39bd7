import * as z from 'zod';
import { patterns } from '../../domain/model/ids.ts';
import { keyId, seconds } from '../../domain/wire/fields.ts';

export const ConsoleSession = z
  .strictObject({
    object: z.literal('console_session'),
    api_key: z
      .string()
      .regex(patterns.apiKey)
      .describe('The API key of the session. It is shown in this response only'),
    key_id: keyId.describe('The id of that key, by which the key can be disabled or deleted'),
    expires_at: seconds('Until when the key works'),
    idle_seconds: z
      .int()
      .min(1)
      .describe('The session ends earlier if it is not used for this long'),
  })
  .describe('A session of the operator: an API key with the scope `admin` that ends by itself');
