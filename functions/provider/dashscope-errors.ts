import { errorTable } from './error-table.ts';
import { reasons } from './reasons.ts';

export const { failureOf, refusalOf } = errorTable([
  {
    codes: ['InvalidParameter.*', 'BadRequest.*', 'UnsupportedOperation', '400'],
    verdict: 'refused',
    failure: reasons.rejected,
  },
  { codes: ['BadRequest.TooLarge'], verdict: 'refused', failure: reasons.tooLarge },
  {
    codes: [
      'InvalidImage.*',
      'InvalidImageFormat',
      'InvalidImageResolution',
      'BadRequest.UnsupportedFileFormat',
    ],
    verdict: 'refused',
    failure: reasons.badPicture,
  },
  {
    // The links are ours and the pictures were checked: the trouble lies on the way, and passes.
    codes: ['InvalidURL.*', 'InvalidParameter.DataInspection', 'BadRequest.InputDownloadFailed'],
    verdict: 'busy',
    failure: reasons.unloadedPicture,
  },
  {
    codes: ['DataInspectionFailed.*', 'IPInfringementSuspect'],
    verdict: 'refused',
    failure: reasons.policy,
  },
  {
    // Some of them come as 429, but no waiting pays a bill.
    codes: [
      'Arrearage',
      'AllocationQuota.FreeTierOnly',
      'PrepaidBillOverdue',
      'PostpaidBillOverdue',
      'CommodityNotPurchased',
    ],
    verdict: 'operator',
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
    verdict: 'operator',
    failure: reasons.noAccess,
  },
  { codes: ['InvalidApiKey', '401', '403', '404'], verdict: 'operator', failure: reasons.ours },
  { codes: ['4xx'], verdict: 'refused', failure: reasons.ours },
  {
    codes: ['Throttling.*', 'LimitRequests', 'ModelServingError', '429'],
    verdict: 'busy',
    failure: reasons.atCapacity,
  },
  { codes: ['Throttling.AllocationQuota'], verdict: 'busy', failure: reasons.quotaForNow },
  { codes: ['ModelUnavailable', '503'], verdict: 'busy', failure: reasons.unavailable },
  {
    codes: ['RequestTimeOut', 'InternalError.Timeout', '408'],
    verdict: 'unclear',
    failure: reasons.tooSlow,
  },
  {
    // An internal error does not say whether it struck before or after the job was queued, and there
    // is no idempotency key to ask again with: better one refund in vain than images paid twice.
    codes: ['InternalError.*', 'SystemError', 'RewriteFailed', 'ModelServiceFailed'],
    verdict: 'unclear',
    failure: reasons.crashed,
  },
]);
