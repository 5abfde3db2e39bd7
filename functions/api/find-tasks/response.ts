import { AdminTaskSummary } from '../../domain/wire/admin-task-schemas.ts';
import { page } from '../../domain/wire/fields.ts';

export const AdminTaskList = page(AdminTaskSummary);
