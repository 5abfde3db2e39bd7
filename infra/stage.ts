import type { RetentionDays } from 'aws-cdk-lib/aws-logs';

/** What differs between the places Darkroom runs in. Nothing else may ask where it is. */
export type Stage = {
  /** Whether data outlives the stack and its rows can be brought back. */
  readonly keepData: boolean;
  readonly logDays: RetentionDays;
  /** How long results are kept, in days. */
  readonly resultDays: number;
  /** The pauses between a callback's further attempts after the contract's four, in seconds. */
  readonly callbackTail: readonly number[];
  /** Origins of the pages that may call the API and upload from a browser. */
  readonly browserOrigins: readonly string[];
  /** Requests a second, and how many at once above it, for all callers together. */
  readonly throttle: { readonly rate: number; readonly burst: number };
  /** Where DashScope is. A key works only in its own region. */
  readonly dashscopeUrl: string;
  /** What a deployment may set that address to. */
  readonly dashscopeUrlPattern: string;
  /** The name under which a random provider key is generated. */
  readonly generatedKey: string;
  /** What only the laptop may do and say. */
  readonly laptop?: {
    readonly LOOPBACK: 'allowed';
    readonly USUAL_SECONDS: string;
  };
};

const cloud = {
  resultDays: 7,
  callbackTail: [60, 600, 3600],
  browserOrigins: [],
  dashscopeUrl: 'https://dashscope-intl.aliyuncs.com',
  dashscopeUrlPattern: '^https://[a-z0-9.-]+$',
  // Not a provider's name: until the operator puts a real key there, there is none.
  generatedKey: 'none',
} as const;

export const stages = {
  local: {
    keepData: false,
    logDays: 1,
    resultDays: 7,
    callbackTail: [5, 10],
    browserOrigins: ['*'],
    throttle: { rate: 1000, burst: 1000 },
    dashscopeUrl: 'http://127.0.0.1:1',
    dashscopeUrlPattern: '^http://127\\.0\\.0\\.1:[0-9]+$',
    generatedKey: 'dashscope', // the painter takes any key
    laptop: { LOOPBACK: 'allowed', USUAL_SECONDS: '8' },
  },
  dev: { ...cloud, keepData: false, logDays: 7, throttle: { rate: 20, burst: 40 } },
  prod: { ...cloud, keepData: true, logDays: 30, throttle: { rate: 50, burst: 100 } },
} as const satisfies Record<string, Stage>;

export type StageName = keyof typeof stages;

/** The stage of this name. @throws {Error} naming the stages there are */
export function stageNamed(name: string): Stage {
  const stage = Object.entries<Stage>(stages).find(([key]) => key === name)?.[1];
  if (!stage)
    throw new Error(`There is no stage "${name}"; there are ${Object.keys(stages).join(', ')}.`);
  return stage;
}
