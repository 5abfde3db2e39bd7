import { page } from '../../domain/wire/fields.ts';
import { TaskSummary } from '../../domain/wire/task-schemas.ts';

export const TaskList = page(TaskSummary);
