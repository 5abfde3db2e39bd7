import { noFunds } from '../task/account.ts';
import { accountView, entryView } from '../task/admin/account-view.ts';
import { keyView } from '../task/admin/key-view.ts';
import { withoutCallback } from '../task/answer.ts';
import { type ApiKey, noSpending } from '../task/api-key.ts';
import { defaultModel } from '../task/models.ts';
import type { Completed, Failed, Pending, Processing, Task } from '../task/task.ts';
import { createdView, summaryView, taskView } from '../task/view.ts';

// Examples of answers are what the views make of these, so they are what the API answers.

const now = Date.UTC(2026, 2, 2, 9, 30, 40);
export const taskId = `task-unified-${Math.floor(now / 1000) - 40}-imcg5zqt`;
export const keyId = 'key-0123456789abcdef';
export const account = 'shop';
export const host = 'https://darkroom.example.com';
const usualSeconds = 30;
const price = defaultModel.milliCreditsPerImage;

const basics = {
  ...{ id: taskId, account, keyId, userGroup: 'default', model: defaultModel.id },
  ...{ prompt: 'Make it snow', n: 2, options: {}, inputs: [], metadata: { order: '7' } },
  ...{ createdAt: now - 40_000, reserved: 2 * price },
};
const pending: Pending = { ...basics, status: 'pending' };
const processing: Processing = {
  ...{ ...basics, ticket: '', submittedAt: now - 20_000 },
  status: 'processing',
};
const image = { key: '', contentType: 'image/png', bytes: 1 };
const completed: Completed = {
  ...{ ...basics, finishedAt: now, charged: 2 * price, images: [image, image], failures: [] },
  status: 'completed',
};
const partly: Completed = {
  ...{ ...completed, charged: price, images: [image] },
  failures: [{ code: 'generation_timeout', message: 'The image took too long.' }],
};
const failed: Failed = {
  ...{ ...basics, finishedAt: now, charged: 0 },
  status: 'failed',
  failure: {
    code: 'content_policy_violation',
    message: "The provider's content check refused the prompt.",
  },
};

const surroundings = {
  ...{ now, usualSeconds },
  resultLink: (n: number) =>
    `${host}/v1/results/${taskId}/${n}?expires=1772530240&signature=kWq1u3pYc0v8YzQyT5b1rN2m4o6s8uAcEgIkMoQsUwY`,
};
const form = (key: string) => ({
  url: 'https://uploads.example.com/',
  fields: { 'Content-Type': 'image/png', key, Policy: 'eyJ…', 'X-Amz-Signature': '5d0c…' },
  expiresAt: now + 900_000,
});

export const createdTask = {
  addresses: createdView(pending, surroundings, []),
  uploads: createdView(pending, surroundings, [form(`uploads/${taskId}/0`)]),
};
export const pendingTask = taskView(pending, surroundings);
export const processingTask = taskView(processing, surroundings);
export const completedTask = taskView(completed, surroundings);
export const partlyCompletedTask = taskView(partly, surroundings);
export const failedTask = taskView(failed, surroundings);
export const toldAgain = taskView(
  { ...completed, callbackUrl: 'https://shop.example.com/done' },
  surroundings,
);
export const callbackBody = withoutCallback(completedTask);
const ofAList: readonly Task[] = [processing, completed];
export const taskSummaries = ofAList.map((task) => summaryView(task, now, usualSeconds));
export const uploadForm = form;

const theAccount = { account, userGroup: 'default', limits: {}, createdAt: now, ...noFunds };
export const newAccount = {
  ...accountView(theAccount),
  webhook_secret: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo=',
};
export const paidAccount = accountView({
  ...theAccount,
  ...{ granted: 100_000, balance: 95_200, reserved: 2400, used: 2400, inFlight: 1, entries: 4 },
});
const granted = { kind: 'grant', number: 1, amount: 100_000, balance: 100_000 } as const;
export const grant = entryView({ ...granted, at: now - 60_000, keyId, note: 'invoice 7' });
export const entries = [
  entryView({
    ...{ kind: 'settle', number: 3, at: now, amount: 0, balance: 97_600, charged: 2400 },
    ...{ taskId, keyId },
  }),
  entryView({
    ...{ kind: 'reserve', number: 2, at: now - 40_000, amount: -2400, balance: 97_600 },
    ...{ taskId, keyId },
  }),
  grant,
];

const key: ApiKey = {
  ...{ keyId, hash: '', lastFour: 'defg', account, name: 'web', scopes: ['generate'] },
  ...{ enabled: true, createdAt: now - 60_000, timeZone: 'Europe/Berlin', dailyLimit: 50_000 },
  ...noSpending,
};
export const newKey = {
  ...keyView(key, now),
  api_key: 'sk-dr-0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefg',
};
export const usedKey = keyView({ ...key, used: 2400 }, now, now);
