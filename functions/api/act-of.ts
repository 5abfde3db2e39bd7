import type { Caller } from '../domain/model/api-key.ts';
import type { Act, AuditedOperation } from '../domain/model/audit.ts';

type Request = { readonly caller: Caller; readonly requestId: string };

/** Who does what, as it is written down. The operation is the id that the API's document gives it. */
export const actOf = (operation: AuditedOperation, { caller, requestId }: Request): Act => ({
  operation,
  at: Date.now(),
  actorKeyId: caller.keyId,
  actorKeyName: caller.keyName,
  requestId,
});
