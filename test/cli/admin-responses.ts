// Responses of the operator's routes, in the form that they declare. The fake API checks that.

const created = 1_772_362_800;

export const keyId = (n: number): string => `key-${String(n).padStart(16, '0')}`;
export const secretKey = `sk-dr-${'k'.repeat(43)}`;
export const webhookSecret = `whsec_${'s'.repeat(43)}=`;

export const account = (id: string, more: object = {}) => ({
  object: 'account',
  id,
  user_group: 'default',
  created,
  credits: { granted: 100, balance: 98.8, reserved: 1.2, used: 0 },
  limits: { requests_per_minute: 300, tasks_in_flight: 100 },
  tasks_in_flight: 1,
  enabled: true,
  daily_budget_credits: null,
  stop_at_budget: false,
  ...more,
});

export const apiKey = (n: number, more: object = {}) => ({
  object: 'api_key',
  id: keyId(n),
  account: 'studio',
  mode: 'live',
  is_session: false,
  name: 'website',
  scopes: ['generate'],
  enabled: true,
  created,
  expires_at: null,
  last_used_at: null,
  last_four: 'a1B2',
  total_limit_credits: null,
  daily_limit_credits: null,
  reset_timezone: 'UTC',
  allowed_models: null,
  used_credits: 0,
  reserved_credits: 0,
  daily_used_credits: null,
  ...more,
});

/** An entry. Its id ends with a number, so entries of the same time have different ids. */
export const entry = (number: number, more: object = {}) => ({
  object: 'ledger_entry',
  id: `1772366400000-entry-${number}`,
  kind: 'grant',
  created,
  amount_credits: 100,
  balance_credits: 198.8,
  charged_credits: null,
  task_id: null,
  key_id: keyId(9),
  note: 'invoice 7',
  ...more,
});

/** An HTTP error in the envelope of the API. */
export const errorReply = (
  status: number,
  code: string,
  message: string,
  param: string | null = null,
) => ({
  status,
  body: { error: { code, message, type: 'invalid_request_error', param } },
});
