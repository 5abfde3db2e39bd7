import { existsSync, readFileSync } from 'node:fs';
import { RetentionDays } from 'aws-cdk-lib/aws-logs';
import * as z from 'zod';
import { providerAdapters } from '../functions/adapters/providers/registry.ts';
import { formatCapacity } from '../functions/domain/model/capacity.ts';
import {
  findModel,
  type ModelPrices,
  modelNames,
  models,
  providerNames,
} from '../functions/domain/model/catalogue.ts';
import { isMilliCredits, maxCredits, toMilliCredits } from '../functions/domain/model/money.ts';
import { tableNames } from '../functions/domain/model/storage-names.ts';
import type { FixedParameters } from './parameter.ts';
import type { Stage } from './stage.ts';

/** The settings file of a deployment, beside `cdk.json`. It is not checked in. */
export const settingsFile = 'darkroom.config.json';

const whole = (from: number, to: number) => z.int().min(from).max(to);

const Capacity = z.strictObject({
  running: whole(0, 99_999),
  submitsPerSecond: whole(1, 9999).optional(),
  ahead: whole(0, 9999).optional(),
});

/** The origin of a web server: without a path, and without a slash at the end. */
const originOf = (protocol: RegExp) =>
  z.string().refine((text) => isOrigin(text, protocol), {
    error: 'must be an origin, like https://app.example.com',
  });

const isOrigin = (text: string, protocol: RegExp): boolean =>
  URL.canParse(text) && new URL(text).origin === text && protocol.test(new URL(text).protocol);

const ProviderSettings = z.strictObject({
  /** Its address, for example that of a region or of your own workspace. */
  url: originOf(/^https:$/).optional(),
  /** The address of the keys with which it signs its webhooks, if it signs them. */
  keysUrl: z.url({ protocol: /^https$/ }).optional(),
  /** How many of your jobs it takes; `unlimited` for a provider without limits. */
  capacity: z.union([z.literal('unlimited'), Capacity]).optional(),
});

const logRetention = Object.values(RetentionDays).filter((days) => typeof days === 'number');

const ModelAlias = z.string().refine((id) => findModel(id) !== undefined, {
  error: ({ input }) => `there is no model ${input}; there are ${modelNames().join(', ')}`,
});

/** A price in whole thousandths of a credit, or in whole millionths of a dollar. */
const priceIn = (parts: number, unit: string) =>
  z
    .number()
    .positive()
    .max(1_000_000)
    .refine((price) => Math.abs(price * parts - Math.round(price * parts)) < 1e-6, {
      error: `has more decimals than ${unit}`,
    })
    .transform((price) => Math.round(price * parts))
    .refine((price) => price >= 1, { error: `is less than ${unit}` });

const ModelSettings = z.strictObject({
  creditsPerImage: priceIn(1000, 'a thousandth of a credit').optional(),
  /** What the provider asks for an image, which the operator's usage adds up. */
  usdPerImage: z
    .partialRecord(z.enum(providerNames), priceIn(1_000_000, 'a millionth of a dollar'))
    .optional(),
});

/** What every new account may spend on a day of UTC. */
const AccountBudget = z.strictObject({
  creditsPerDay: z
    .number()
    .positive()
    .max(maxCredits)
    .refine(isMilliCredits, 'has more decimals than a thousandth of a credit')
    .transform(toMilliCredits),
  /** Whether creates beyond the budget are refused. Otherwise they are only counted. */
  stop: z.boolean().default(false),
});

/** A name that callers use, and the certificate for it. */
const Domain = z.strictObject({
  name: z
    .hostname()
    .regex(
      /^[a-z0-9-]+(\.[a-z0-9-]+)+$/,
      'must be a host name in lower case, like images.example.com',
    ),
  certificate: z
    .string()
    .regex(
      /^arn:aws:acm:[a-z0-9-]+:\d{12}:certificate\/[\w-]+$/,
      'must be the ARN of a certificate in ACM, like arn:aws:acm:eu-central-1:111122223333:certificate/…',
    ),
});

/**
 * The names of the tables that a restore has made. All tables are required, because all have to be of the same moment.
 */
const RestoredTables = z
  .record(
    z.enum(tableNames),
    z
      .string()
      .regex(/^[\w.-]{3,255}$/, 'must be the name of a table, as npm run restore prints it'),
  )
  .refine((names) => new Set(Object.values(names)).size === tableNames.length, {
    error: 'names a table twice',
  });

/** Everything that a deployment may set. A setting that is left out has the value of the stage. */
const Settings = z.strictObject({
  /** The first part of the stack's name. Two installations in one account and region have different ones. */
  name: z
    .string()
    .regex(
      /^[A-Za-z][A-Za-z0-9]{0,39}$/,
      'must begin with a letter and go on with letters or digits, 40 characters at most',
    )
    .default('Darkroom'),
  stage: z.enum(['dev', 'prod']).optional(),
  /** The AWS account that it must be deployed to. */
  account: z
    .string()
    .regex(/^[0-9]{12}$/, 'must be an account number of 12 digits')
    .optional(),
  region: z
    .string()
    .regex(/^[a-z]{2}(-[a-z]+)+-[0-9]$/, 'must be a region, like eu-central-1')
    .optional(),
  domain: Domain.optional(),
  retentionDays: whole(1, 3650).optional(),
  logDays: z.union(logRetention.map((days) => z.literal(days))).optional(),
  callbackRetryDelays: z.array(whole(1, 86_400)).min(1).max(10).optional(),
  browserOrigins: z
    .array(originOf(/^https?:$/))
    .max(100)
    .optional(),
  throttle: z.strictObject({ rate: whole(1, 10_000), burst: whole(1, 5000) }).optional(),
  waiters: whole(0, 1000).optional(),
  alarmEmail: z.email().optional(),
  safeDeploys: z.boolean().optional(),
  thumbnails: z.boolean().optional(),
  canary: z.boolean().optional(),
  accountBudget: AccountBudget.optional(),
  models: z.partialRecord(z.enum(models.map(({ id }) => id)), ModelSettings).optional(),
  modelAliases: z.record(z.string().regex(/^[\w./:-]+$/), ModelAlias).optional(),
  /** The providers in the order in which they are tried. The others are not used. */
  providerOrder: z
    .array(z.enum(providerNames))
    .min(1)
    .refine((names) => new Set(names).size === names.length, 'names a provider twice')
    .optional(),
  providers: z.partialRecord(z.enum(providerNames), ProviderSettings).optional(),
  restoredTables: RestoredTables.optional(),
});

export type Settings = z.output<typeof Settings>;

/**
 * Reads a settings file; `undefined` when there is none.
 * @param isRequired whether the file was asked for by its name
 * @throws {Error} that names the file and every setting that is wrong
 */
export function readSettings(path: string, isRequired = false): Settings | undefined {
  if (!isRequired && !existsSync(path)) return undefined;
  return parseSettings(readFileSync(path, 'utf8'), path);
}

/** @throws {Error} that names every setting that is wrong */
export function parseSettings(text: string, path = settingsFile): Settings {
  const json = parseJson(text, path);
  const parsed = Settings.safeParse(json);
  if (parsed.success) return parsed.data;
  const lines = parsed.error.issues.map((issue) =>
    [issue.path.join('.'), messageOf(issue)].filter((part) => part !== '').join(': '),
  );
  throw new Error([`${path} cannot be used.`, ...lines].join('\n  '));
}

function parseJson(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Error(`${path} is not JSON: ${error instanceof Error ? error.message : error}`);
  }
}

const messageOf = (issue: z.core.$ZodIssue): string =>
  issue.code === 'unrecognized_keys'
    ? `there is no setting ${issue.keys.join(', ')}`
    : issue.message;

/**
 * A stage with the settings of a deployment. A setting replaces its stack parameter, because a parameter keeps the value
 * of the first deployment.
 */
export function withSettings(stage: Stage, settings: Settings): Stage {
  const { logDays, callbackRetryDelays, browserOrigins, accountBudget } = settings;
  requireLaterThanCallbacks(
    settings.retentionDays ?? stage.retentionDays,
    callbackRetryDelays ?? stage.callbackRetryDelays,
  );
  requireSameRegion(settings);
  return {
    ...stage,
    logDays: logDays ?? stage.logDays,
    callbackRetryDelays: callbackRetryDelays ?? stage.callbackRetryDelays,
    browserOrigins: browserOrigins ?? stage.browserOrigins,
    domain: settings.domain,
    safeDeploys: settings.safeDeploys,
    thumbnails: settings.thumbnails ?? stage.thumbnails,
    restoredTables: settings.restoredTables,
    canary: settings.canary,
    accountBudget: accountBudget && {
      dailyBudget: accountBudget.creditsPerDay,
      stopAtBudget: accountBudget.stop,
    },
    modelPrices: pricesOf(settings),
    fixed: fixedParameters(settings),
  };
}

const pricesOf = ({ models: chosen = {} }: Settings): ModelPrices =>
  Object.fromEntries(
    Object.entries(chosen).map(([id, { creditsPerImage, usdPerImage } = {}]) => [
      id,
      { milliCreditsPerImage: creditsPerImage, microUsdPerImage: usdPerImage },
    ]),
  );

/** @throws {Error} when the certificate is in another region: API Gateway accepts only certificates of its own region */
function requireSameRegion({ domain, region }: Settings): void {
  const [, , , ofCertificate] = domain?.certificate.split(':') ?? [];
  if (region !== undefined && ofCertificate !== undefined && ofCertificate !== region)
    throw new Error(
      `domain.certificate: it is in ${ofCertificate}, and a certificate in ${region} is needed`,
    );
}

/**
 * A callback needs the record of its task.
 * @throws {Error} when the last attempt would come after the record has expired
 */
function requireLaterThanCallbacks(retentionDays: number, delays: readonly number[]): void {
  const seconds = delays.reduce((sum, delay) => sum + delay, 0);
  if (seconds > retentionDays * 24 * 60 * 60)
    throw new Error(
      `callbackRetryDelays: the last attempt would come after ${seconds} seconds, and retentionDays is ${retentionDays}`,
    );
}

function fixedParameters(settings: Settings): FixedParameters {
  const { modelAliases, providers = {} } = settings;
  const chosen: FixedParameters = {
    RetentionDays: settings.retentionDays,
    RequestsPerSecond: settings.throttle?.rate,
    RequestBurst: settings.throttle?.burst,
    Waiters: settings.waiters,
    AlarmEmail: settings.alarmEmail,
    ModelAliases: modelAliases && aliasText(modelAliases),
    Providers: settings.providerOrder?.join(','),
    ...Object.assign({}, ...providerNames.map((name) => ofProvider(name, providers[name] ?? {}))),
  };
  return Object.fromEntries(
    Object.entries(chosen).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}

const aliasText = (aliases: Readonly<Record<string, string>>) =>
  Object.entries(aliases)
    .map((pair) => pair.join('='))
    .join(',');

function ofProvider(
  name: (typeof providerNames)[number],
  { url, keysUrl, capacity }: z.output<typeof ProviderSettings>,
): FixedParameters {
  const {
    url: urlParameter,
    capacity: capacityParameter,
    webhookSignature,
  } = providerAdapters[name];
  if (keysUrl !== undefined && !webhookSignature)
    throw new Error(`providers.${name}.keysUrl: ${name} does not sign its webhooks`);
  return {
    [urlParameter.name]: url,
    [capacityParameter.name]: capacity === 'unlimited' ? '' : capacity && formatCapacity(capacity),
    ...(webhookSignature && { [webhookSignature.keysUrl.name]: keysUrl }),
  };
}
