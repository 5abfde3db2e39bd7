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
  /** Who is asked to paint, and in which order: `dashscope,fal`. One without an API key is left out. */
  readonly providers: string;
  readonly providerUrls: {
    /** What a deployment may set an origin to; it ends with `$`. */
    readonly pattern: string;
    /** A key works only in its own region. */
    readonly dashscope: string;
    readonly evolink: string;
    readonly fal: string;
    /** Where fal publishes the keys it signs callbacks with. */
    readonly falKeys: string;
  };
  /** The secret of the providers' keys before the operator puts them there; one of them is random. */
  readonly firstKeys: {
    readonly given: Readonly<Record<string, string>>;
    readonly generated: string;
  };
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
  providers: 'dashscope,evolink,fal',
  providerUrls: {
    pattern: '^https://[a-z0-9.-]+$',
    dashscope: 'https://dashscope-intl.aliyuncs.com',
    evolink: 'https://api.evolink.ai',
    fal: 'https://queue.fal.run',
    falKeys: 'https://rest.alpha.fal.ai/.well-known/jwks.json',
  },
  // Not a provider's name: until the operator puts a real key there, there is none.
  firstKeys: { given: {}, generated: 'none' },
} as const;

export const stages = {
  local: {
    keepData: false,
    logDays: 1,
    resultDays: 7,
    callbackTail: [5, 10],
    browserOrigins: ['*'],
    throttle: { rate: 1000, burst: 1000 },
    providers: 'dashscope,evolink,fal',
    providerUrls: {
      pattern: '^http://127\\.0\\.0\\.1:[0-9]+$',
      dashscope: 'http://127.0.0.1:1',
      evolink: 'http://127.0.0.1:1',
      fal: 'http://127.0.0.1:1',
      falKeys: 'http://127.0.0.1:1/keys',
    },
    // The painter plays all of them, and takes any key.
    firstKeys: { given: { evolink: 'painter', fal: 'painter' }, generated: 'dashscope' },
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
