import * as z from 'zod';
import { taskId } from '../../domain/wire/fields.ts';

export const DeletedTask = z
  .strictObject({
    object: z.literal('image.generation.task'),
    id: taskId,
    deleted: z.literal(true),
  })
  .describe('A deleted task: its pictures and texts are gone');
