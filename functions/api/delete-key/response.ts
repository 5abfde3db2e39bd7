import * as z from 'zod';
import { keyId } from '../../domain/wire/fields.ts';

export const DeletedKey = z
  .strictObject({ object: z.literal('api_key'), id: keyId, deleted: z.literal(true) })
  .describe('A deleted key; its tasks continue');
