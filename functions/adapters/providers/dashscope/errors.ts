import * as z from 'zod';
import { reasons } from '../../../domain/providers/reasons.ts';
import { errorTable } from '../error-table.ts';
import { ErrorCode, type ErrorDetails, RequestId, type UpstreamResponse } from '../upstream.ts';

const ErrorBody = z.object({ code: ErrorCode, request_id: RequestId });

export function parseError({ body }: UpstreamResponse): ErrorDetails {
  const { code, request_id: requestId } = ErrorBody.safeParse(body).data ?? {};
  return { code, requestId: requestId ?? undefined };
}

/** The codes of failed submits, of failed jobs and of failed images. */
export const { failureOf, classify } = errorTable([
  {
    codes: ['InvalidParameter.*', 'BadRequest.*', 'UnsupportedOperation', '400'],
    category: 'rejected',
    failure: reasons.rejected,
  },
  { codes: ['BadRequest.TooLarge'], category: 'rejected', failure: reasons.tooLarge },
  {
    codes: [
      'InvalidImage.*',
      'InvalidImageFormat',
      'InvalidImageResolution',
      'BadRequest.UnsupportedFileFormat',
    ],
    category: 'rejected',
    failure: reasons.badPicture,
  },
  {
    // The links are ours and the pictures were checked, so it was the network, and a retry may help.
    codes: ['InvalidURL.*', 'InvalidParameter.DataInspection', 'BadRequest.InputDownloadFailed'],
    category: 'busy',
    failure: reasons.unloadedPicture,
  },
  {
    codes: ['DataInspectionFailed.*', 'IPInfringementSuspect'],
    category: 'rejected',
    failure: reasons.policy,
  },
  {
    // Some of these come with a 429, but waiting does not pay a bill.
    codes: [
      'Arrearage',
      'AllocationQuota.FreeTierOnly',
      'PrepaidBillOverdue',
      'PostpaidBillOverdue',
      'CommodityNotPurchased',
    ],
    category: 'operator',
    failure: reasons.quota,
  },
  {
    codes: [
      'AccessDenied.*',
      'Workspace.AccessDenied',
      'Model.AccessDenied',
      'ModelNotFound',
      'WorkSpaceNotFound',
    ],
    category: 'operator',
    failure: reasons.noAccess,
  },
  {
    codes: ['InvalidApiKey', '401', '403', '404'],
    category: 'operator',
    failure: reasons.internal,
  },
  { codes: ['4xx'], category: 'rejected', failure: reasons.internal },
  {
    codes: ['Throttling.*', 'LimitRequests', 'ModelServingError', '429'],
    category: 'busy',
    failure: reasons.atCapacity,
  },
  { codes: ['Throttling.AllocationQuota'], category: 'busy', failure: reasons.quotaForNow },
  { codes: ['ModelUnavailable', '503'], category: 'busy', failure: reasons.unavailable },
  {
    codes: ['RequestTimeOut', 'InternalError.Timeout', '408'],
    category: 'unknown',
    failure: reasons.tooSlow,
  },
  {
    // An internal error may have happened before or after the job was queued, and without an idempotency
    // key a second submit may bill twice. One needless refund is the smaller loss.
    codes: ['InternalError.*', 'SystemError', 'RewriteFailed', 'ModelServiceFailed'],
    category: 'unknown',
    failure: reasons.crashed,
  },
]);
