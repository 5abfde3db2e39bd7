import { type Account, noFunds } from '../../../functions/domain/model/account.ts';
import { sampleCaller, sampleTime } from '../../support/tasks.ts';

/** The account of the sample's caller, as it is stored: without credits, with the default limits. */
export const sampleAccount = (more: Partial<Account> = {}): Account => ({
  account: sampleCaller.account,
  userGroup: sampleCaller.userGroup,
  limits: {},
  createdAt: sampleTime,
  ...noFunds,
  ...more,
});
