import type { RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { NewAccountBudget } from '../functions/domain/model/account.ts';
import { type ModelPrices, providerNames } from '../functions/domain/model/catalogue.ts';
import type { TableName } from '../functions/domain/model/storage-names.ts';
import type { FixedParameters } from './parameter.ts';

/** What differs between the places where Darkroom runs. No other code may ask for the name of the stage. */
export type Stage = {
  /** Whether data outlives the stack, and tables can be restored to an earlier moment. */
  readonly keepData: boolean;
  readonly logDays: RetentionDays;
  /**
   * Days from the end of a task until its record and its results are deleted: the default of the stack parameter
   * `RetentionDays`.
   */
  readonly retentionDays: number;
  /** Pauses in seconds before the later attempts of a callback. The contract sets the first four attempts. */
  readonly callbackRetryDelays: readonly number[];
  /** Origins of the web pages that may call the API and upload from a browser. */
  readonly browserOrigins: readonly string[];
  /**
   * Requests per second for all callers together, and the burst that is allowed above it: the defaults of the
   * stack parameters `RequestsPerSecond` and `RequestBurst`. A route that declares a throttle has its own.
   */
  readonly throttle: { readonly rate: number; readonly burst: number };
  /**
   * How many requests may wait for their tasks at a time, all keys together: the default of the stack parameter
   * `Waiters`. Each keeps a function busy, and a new AWS account may run ten.
   */
  readonly waiters: number;
  /** The providers in the order in which they are tried: `dashscope,fal`. A provider without an API key is skipped. */
  readonly providers: string;
  /**
   * Further names of models, like `my-model=wan2.5-image-to-image,…`: the default of the stack parameter `ModelAliases`.
   */
  readonly modelAliases: string;
  /** Prices that take the place of those in the catalogue. */
  readonly modelPrices: ModelPrices;
  readonly providerUrls: {
    /** The pattern of the addresses that a deployment may set; it ends with `$`. */
    readonly pattern: string;
    /** Takes the place of every provider's own origin. */
    readonly origin?: string;
  };
  /**
   * Whether the providers have the limits that their vendors publish, unless a deployment sets others. Otherwise they
   * have none.
   */
  readonly publishedCapacities: boolean;
  /** What the secret with the providers' keys holds until the operator stores real ones. One value is generated. */
  readonly firstKeys: {
    readonly given: Readonly<Record<string, string>>;
    readonly generated: string;
  };
  /** Whether `image_urls` and `callback_url` may be plain http on 127.0.0.1. */
  readonly allowLoopback: boolean;
  /**
   * How many seconds a provider typically takes, instead of the measured durations. A stage that has it
   * gets the stack parameter `TypicalSeconds`; an empty value of that parameter means "as measured".
   */
  readonly typicalSeconds?: string;
  /** The name that callers use, with a certificate for it in the stack's region; without it they use API Gateway's own. */
  readonly domain?: { readonly name: string; readonly certificate: string } | undefined;
  /** Whether new code of the functions that matter most takes over step by step. */
  readonly safeDeploys?: boolean | undefined;
  /** Whether a function decodes the pictures of tasks and makes thumbnails of them, for the console. */
  readonly thumbnails: boolean;
  /** The tables that a restore has made, all of one moment: functions use them instead of the stack's own. */
  readonly restoredTables?: Readonly<Record<TableName, string>> | undefined;
  /** Whether there is a canary: a caller inside of the stack that makes a test task every quarter of an hour. */
  readonly canary?: boolean | undefined;
  /** What a new account may spend on a day, until somebody changes it. */
  readonly accountBudget?: NewAccountBudget | undefined;
  /** Values that the settings file gives, by the names of the stack parameters whose place they take. */
  readonly fixed?: FixedParameters;
};

/** What `dev` and `prod` have in common. */
const cloud = {
  retentionDays: 30,
  waiters: 4,
  callbackRetryDelays: [60, 600, 3600],
  browserOrigins: [],
  providers: providerNames.join(','),
  modelAliases: '',
  modelPrices: {},
  providerUrls: { pattern: '^https://[a-z0-9.-]+$' },
  publishedCapacities: true,
  thumbnails: true,
  // `none` is no provider's name, so there is no key until the operator stores one.
  firstKeys: { given: {}, generated: 'none' },
  allowLoopback: false,
} as const;

// Secrets Manager generates exactly one value of a secret.
const [firstProvider = 'none', ...otherProviders] = providerNames;

export const stages = {
  local: {
    keepData: false,
    logDays: 1,
    retentionDays: 30,
    waiters: 4,
    callbackRetryDelays: [5, 10],
    browserOrigins: ['*'],
    throttle: { rate: 1000, burst: 1000 },
    providers: providerNames.join(','),
    modelAliases: '',
    modelPrices: {},
    // The local stack puts its mock provider in the place of this origin, below a path of its own.
    providerUrls: {
      pattern: '^http://127\\.0\\.0\\.1:[0-9]+(/[a-z]+)?$',
      origin: 'http://127.0.0.1:1',
    },
    // The mock providers have no limits unless somebody sets some.
    publishedCapacities: false,
    // `npm start` turns them on. The tests and the demo do not, so that they need not wait for a decoder.
    thumbnails: false,
    // The mock providers accept any key.
    firstKeys: {
      given: Object.fromEntries(otherProviders.map((name) => [name, 'mock'])),
      generated: firstProvider,
    },
    allowLoopback: true,
    typicalSeconds: '4',
  },
  dev: { ...cloud, keepData: false, logDays: 7, throttle: { rate: 200, burst: 400 } },
  prod: { ...cloud, keepData: true, logDays: 30, throttle: { rate: 500, burst: 1000 } },
} as const satisfies Record<string, Stage>;

export type StageName = keyof typeof stages;

/** The stage with this name. @throws {Error} that lists the stages, when there is no such stage */
export function stageNamed(name: string): Stage {
  const stage = Object.entries<Stage>(stages).find(([key]) => key === name)?.[1];
  if (!stage)
    throw new Error(`There is no stage "${name}"; there are ${Object.keys(stages).join(', ')}.`);
  return stage;
}

/** The variable `ALLOW_LOOPBACK` of a function in this stage. */
export const loopbackOf = ({ allowLoopback }: Stage): 'allowed' | undefined =>
  allowLoopback ? 'allowed' : undefined;

/** The variable `ACCOUNT_BUDGET` of a function that makes accounts. */
export const accountBudgetOf = ({ accountBudget }: Stage): string | undefined =>
  accountBudget && JSON.stringify(accountBudget);

/** Why a template of this stage must not be deployed, if it must not. */
export function whyNotDeployable({ allowLoopback }: Stage, hasCode: boolean): string | undefined {
  const reasons = [
    // On AWS, callers could reach Lambda's runtime API that way.
    ...(allowLoopback ? ['This stage lets callers reach the machine that it runs on.'] : []),
    ...(hasCode ? [] : ['This template was synthesised without the code.']),
  ];
  if (reasons.length === 0) return undefined;
  return [...reasons, 'It cannot be deployed; deploy the stage dev or prod.'].join(' ');
}
