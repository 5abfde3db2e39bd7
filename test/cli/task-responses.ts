// Responses about tasks and credits, in the form that their routes declare. The fake API checks that.

export const taskId = 'task-unified-1772366400-abcd1234';
const model = 'wan2.5-image-to-image';
const charge = { billing_rule: 'per_call', user_group: 'default' };

const usageOf = (credits_used: number) => ({
  ...charge,
  credits_reserved: 1.2,
  credits_used,
  credits_returned: 1.2 - credits_used,
});
const story = {
  created_at: 1_772_366_400,
  started_at: 1_772_366_401,
  request: { prompt: 'Make it snow', inputs: [], n: 1 },
  key: { id: 'key-0123456789abcdef', name: 'shop' },
  events: [{ type: 'created', at: 1_772_366_400 }],
};
const active = { ...story, completed_at: null, expires_at: null };
const ended = { ...story, completed_at: 1_772_366_431, expires_at: 1_772_971_231 };

const fieldsOf = {
  pending: {
    ...active,
    task_info: { can_cancel: true },
    usage: { ...charge, credits_reserved: 1.2 },
  },
  processing: {
    ...active,
    task_info: { can_cancel: true },
    usage: { ...charge, credits_reserved: 1.2 },
  },
  completed: {
    ...ended,
    progress: 100,
    task_info: { can_cancel: false },
    usage: usageOf(1.2),
  },
  failed: { ...ended, task_info: { can_cancel: false }, usage: usageOf(0) },
};
type Status = keyof typeof fieldsOf;

const identity = {
  id: taskId,
  object: 'image.generation.task',
  type: 'image',
  livemode: true,
  model,
  created: 1_772_366_400,
  progress: 0,
};

/** Fields that differ from the task of the fake API. The status is required. */
export type TaskFields = { readonly status: Status } & Readonly<Record<string, unknown>>;

export const taskBody = (fields: TaskFields) => ({
  ...identity,
  ...fieldsOf[fields.status],
  ...fields,
});

export const reservedUsage = (credits_reserved: number) => ({ ...charge, credits_reserved });

/** The task as it is created, with forms for these uploads. */
export const createdBody = (uploads: readonly object[]) => ({
  ...identity,
  status: 'pending',
  usage: fieldsOf.pending.usage,
  task_info: { can_cancel: true, estimated_time: 30 },
  ...(uploads.length > 0 && { uploads }),
});

/** Why a task failed, or an image of it. */
export const taskError = (message: string, code = 'service_error') => ({
  code,
  message,
  type: 'task_error',
});

/** A task in a list; a higher number is an older one. */
export const taskSummary = (n: number, more: object = {}) => ({
  id: `task-unified-1772366400-${String(n).padStart(8, '0')}`,
  model,
  type: 'image' as const,
  status: 'completed' as const,
  progress: 100,
  created_at: 1_772_366_400 - n,
  duration: 31,
  has_results: true,
  result_count: 2,
  has_error: false,
  credits_reserved: 2.4,
  credits_used: 2.4,
  livemode: true,
  prompt_start: 'Make it snow',
  key: { id: 'key-0123456789abcdef', name: 'shop' },
  ...more,
});

export const creditsBody = (token: object = {}) => ({
  data: {
    token: {
      id: 'key-0123456789abcdef',
      name: 'shop',
      scopes: ['generate'],
      remaining_credits: 0,
      unlimited_credits: true,
      used_credits: 1.2,
      ...token,
    },
    user: { remaining_credits: 98.8, used_credits: 3.6 },
  },
  message: '',
  success: true,
});
