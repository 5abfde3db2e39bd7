import * as z from 'zod';

/** What a task can be. */
export const statuses = ['pending', 'processing', 'completed', 'failed'] as const;

// Only the fields we read: an API that adds one must not break us. What else a task has stays with
// it, because --json shows all of it.

// It becomes part of a file name.
const TaskId = z.string().regex(/^[\w.-]+$/);
const UploadForm = z.object({ url: z.url(), fields: z.record(z.string(), z.string()) });
const Complaint = z.looseObject({ code: z.string().optional(), message: z.string() });
// No later than a date can be.
export const UnixSeconds = z.number().min(0).max(8.64e12);

export const Created = z.object({ id: TaskId, uploads: z.array(UploadForm).default([]) });

const Basics = z.looseObject({
  model: z.string(),
  created: UnixSeconds,
  progress: z.number().default(0),
  usage: z
    .looseObject({ credits_used: z.number().optional(), credits_reserved: z.number().optional() })
    .default({}),
});
export const Task = z.discriminatedUnion('status', [
  Basics.extend({ status: z.literal('pending') }),
  Basics.extend({ status: z.literal('processing') }),
  Basics.extend({
    status: z.literal('completed'),
    results: z.array(z.url()),
    result_errors: z.array(Complaint).default([]),
  }),
  Basics.extend({ status: z.literal('failed'), error: Complaint }),
]);

const ListedTask = z.looseObject({
  id: TaskId,
  status: z.enum(statuses),
  created_at: UnixSeconds,
  duration: z.number().nullish(),
  result_count: z.number(),
  credits_used: z.number().nullish(),
});
/** A part of a list, and from where on the next one is. */
export const pageOf = <T>(item: z.ZodType<T>) =>
  z.object({ data: z.array(item), next_cursor: z.string().nullish() });
export const TaskPage = pageOf(ListedTask);

export const Credits = z.looseObject({
  data: z.looseObject({
    token: z.looseObject({
      remaining_credits: z.number(),
      unlimited_credits: z.boolean(),
      used_credits: z.number(),
      daily_limit_credits: z.number().nullish(),
      daily_used_credits: z.number().nullish(),
      reset_timezone: z.string().nullish(),
    }),
    user: z.looseObject({ remaining_credits: z.number(), used_credits: z.number() }),
  }),
});

export type UploadForm = z.output<typeof UploadForm>;
export type Task = z.output<typeof Task>;
export type CompletedTask = Extract<Task, { status: 'completed' }>;
export type ListedTask = z.output<typeof ListedTask>;
export type Page<T> = z.output<ReturnType<typeof pageOf<T>>>;
export type Credits = z.output<typeof Credits>;
