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
    key_id: keyId.describe('Its id, by which it can be disabled or deleted'),
    expires_at: seconds('Until when it works'),
    idle_seconds: z.int().min(1).describe('It ends earlier when it is not used for so long'),
  })
  .describe('A session of the operator: an API key with the scope `admin` that ends by itself');
