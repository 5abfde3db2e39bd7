import * as z from 'zod';
import { auditedOperations } from '../model/audit.ts';
import { actorPattern, patterns } from '../model/ids.ts';
import { accountName, keyId, page, seconds, taskId } from '../wire/fields.ts';

// Types only in bundles, as the other responses.

const values = (what: string) =>
  z
    .record(z.string(), z.unknown())
    .nullable()
    .describe(
      `${what}. By the names that they have in requests; texts, numbers, booleans or lists of texts`,
    );

export const AuditEntry = z
  .strictObject({
    object: z.literal('audit_entry'),
    id: z.string().regex(patterns.auditId),
    created: seconds('When it was done'),
    operation: z
      .enum(auditedOperations)
      .describe(
        'What was done: the id of the operation in this document, or `issueKey` and `issueConsoleCode`',
      ),
    actor: z
      .strictObject({
        key_id: z
          .string()
          .regex(new RegExp(actorPattern))
          .describe('The API key; `operator` for the function that issues keys'),
        key_name: z.string().describe('Its name at that time'),
      })
      .describe('Who did it'),
    account: accountName.describe('The account that it was done to'),
    task_id: taskId.nullable().describe('The task, if it was done to one'),
    key_id: keyId.nullable().describe('The API key, if it was done to one'),
    before: values('The fields that were changed, before; `null` when there was nothing'),
    after: values('The same afterwards, or what came of it; `null` when there is nothing'),
    request_id: z.string().describe('The `x-request-id` of the response'),
  })
  .describe('What was done by the operator, or by somebody who manages an account');

export const AuditList = page(AuditEntry);
