import { accountView, entryView } from '../domain/accounts/accounts.ts';
import { keyView } from '../domain/accounts/keys.ts';
import { entryIdOf, noFunds } from '../domain/model/account.ts';
import { type ApiKey, noSpending } from '../domain/model/api-key.ts';
import { account, keyId, taskId } from './example-ids.ts';

// The examples of the operator's responses in the OpenAPI document. The API's own views make them from these
// records, so they cannot differ from real responses.

const now = Date.UTC(2026, 2, 2, 9, 30, 40);

const newAccountRecord = { account, userGroup: 'default', limits: {}, createdAt: now, ...noFunds };
export const newAccount = {
  ...accountView(newAccountRecord),
  webhook_secret: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo=',
};
export const paidAccount = accountView({
  ...newAccountRecord,
  granted: 100_000,
  balance: 95_200,
  reserved: 2400,
  used: 2400,
  inFlight: 1,
});
const granted = { kind: 'grant', amount: 100_000, balance: 100_000 } as const;
export const grant = entryView({
  ...granted,
  id: entryIdOf(now - 60_000, '3f2c1a7e-5b0d-4c1e-9a63-0d2b8f7c6e51'),
  at: now - 60_000,
  keyId,
  note: 'invoice 7',
});
export const entries = [
  entryView({
    kind: 'settle',
    id: entryIdOf(now, `${taskId}-settle`),
    at: now,
    amount: 0,
    balance: 97_600,
    charged: 2400,
    taskId,
    keyId,
  }),
  entryView({
    kind: 'reserve',
    id: entryIdOf(now - 40_000, `${taskId}-reserve`),
    at: now - 40_000,
    amount: -2400,
    balance: 97_600,
    taskId,
    keyId,
  }),
  grant,
];

const key: ApiKey = {
  keyId,
  hash: '',
  lastFour: 'defg',
  account,
  name: 'web',
  scopes: ['generate'],
  enabled: true,
  createdAt: now - 60_000,
  timeZone: 'Europe/Berlin',
  dailyLimit: 50_000,
};
export const newKey = {
  ...keyView(key),
  api_key: 'sk-dr-0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefg',
};
export const usedKey = keyView(key, { ...noSpending, used: 2400, today: 2400 }, now);
