import type { Caller } from '../domain/model/api-key.ts';
import type { Act, AuditedOperation } from '../domain/model/audit.ts';

type Request = { readonly caller: Caller; readonly requestId: string };

/** An action as the audit log records it: who did what, and when. `operation` is the operation id in the OpenAPI document. */
export const actOf = (operation: AuditedOperation, { caller, requestId }: Request): Act => ({
  operation,
  at: Date.now(),
  actorKeyId: caller.keyId,
  actorKeyName: caller.keyName,
  requestId,
});
