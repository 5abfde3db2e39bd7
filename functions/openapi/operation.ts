import type { Scope } from '../task/api-key.ts';
import type { ProblemCode } from '../task/problem.ts';
import type { adminAnswers } from './admin-answers.ts';
import type { adminBodies } from './admin-requests.ts';
import type { callerAnswers } from './caller-answers.ts';
import type { Json } from './json-schema.ts';
import type { taskAnswers } from './task-answers.ts';
import type { taskBodies } from './task-requests.ts';

type Method = 'GET' | 'POST' | 'PATCH' | 'DELETE';
/** As API Gateway has it: the method and the path. */
type RouteKey = `${Method} /${string}`;

type Answers = typeof taskAnswers & typeof callerAnswers & typeof adminAnswers;
type Bodies = typeof taskBodies & typeof adminBodies;
type Examples = Readonly<Record<string, unknown>>;

/** What one route takes and answers. What all routes like it have in common is added to it. */
export type Operation = {
  readonly id: string;
  readonly tag: 'Tasks' | 'Pictures' | 'Account' | 'Service' | 'Accounts' | 'Keys';
  readonly summary: string;
  readonly description: string;
  /** What the key must be allowed to do; who needs no key is asked for none. */
  readonly scope?: Scope;
  /** It takes an Idempotency-Key. */
  readonly repeatable?: true;
  /** It counts against the requests a minute of the key, and its answers say how far that is. */
  readonly counted?: true;
  /** The schema of its query, whose properties become parameters. */
  readonly query?: Json;
  readonly body?: {
    readonly schema: keyof Bodies;
    readonly examples: Examples;
    readonly optional?: true;
  };
  readonly answer:
    | {
        readonly schema: keyof Answers;
        readonly description: string;
        readonly examples: Examples;
        readonly headers?: Json;
      }
    /** It sends on to another address. */
    | { readonly redirect: string };
  /** What it refuses, beside what every route of its kind does. */
  readonly refusals: readonly ProblemCode[];
  /** What it sends to an address that the body names. */
  readonly callbacks?: Json;
};

export type Operations = Readonly<Record<RouteKey, Operation>>;
