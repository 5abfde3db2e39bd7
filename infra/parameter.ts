import { CfnParameter } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import type {
  ProviderAdapter,
  ProviderParameterName,
} from '../functions/adapters/providers/provider-adapter.ts';
import { providerAdapters } from '../functions/adapters/providers/registry.ts';

/** The names of the stack's own parameters. */
export const parameterNames = [
  'AlarmEmail',
  'ModelAliases',
  'Providers',
  'RequestBurst',
  'RequestsPerSecond',
  'RetentionDays',
  'TypicalSeconds',
  'Waiters',
] as const;

/** The names of all parameters: those of a provider are in its own folder. */
export type ParameterName = (typeof parameterNames)[number] | ProviderParameterName;

/** The values that a settings file gives in the place of parameters. */
export type FixedParameters = { readonly [name in ParameterName]?: string | number | undefined };

/** @throws {Error} that names a parameter that no stage has: its value would change nothing */
export function requireKnown(fixed: FixedParameters): void {
  const ofProviders = Object.values(providerAdapters).flatMap(
    ({ url, capacity, webhookSignature }: ProviderAdapter) => [
      url.name,
      capacity.name,
      ...(webhookSignature ? [webhookSignature.keysUrl.name] : []),
    ],
  );
  const known = new Set<string>([...parameterNames, ...ofProviders]);
  const unknown = Object.keys(fixed).filter((name) => !known.has(name));
  if (unknown.length > 0) throw new Error(`there is no parameter ${unknown.join(', ')}`);
}

type WithFixed = { readonly fixed?: FixedParameters };

type TextParameter = {
  readonly description: string;
  readonly default: string;
  /** A regular expression that a value matches as a whole. */
  readonly allowedPattern: string;
};

type NumberParameter = {
  readonly description: string;
  readonly default: number;
  readonly minValue: number;
  readonly maxValue: number;
};

/**
 * A text that a deployment may choose: a parameter of the stack, or the text itself when the settings file says it.
 * @param stack the parent of the parameter. It has to be the stack, so that the parameter's name has no prefix
 * @throws {Error} that names the parameter, when the parameter does not allow the text of the settings file
 */
export function textParameter(
  stack: Construct,
  { fixed }: WithFixed,
  name: ParameterName,
  parameter: TextParameter,
): string {
  const value = fixed?.[name];
  if (value === undefined) return new CfnParameter(stack, name, parameter).valueAsString;
  if (!new RegExp(parameter.allowedPattern).test(String(value)))
    throw new Error(`${name} cannot be "${value}": it does not match ${parameter.allowedPattern}`);
  return String(value);
}

/** A number that a deployment may choose, like `textParameter`. */
export function numberParameter(
  stack: Construct,
  { fixed }: WithFixed,
  name: ParameterName,
  parameter: NumberParameter,
): number {
  const value = fixed?.[name];
  if (value === undefined)
    return new CfnParameter(stack, name, { type: 'Number', ...parameter }).valueAsNumber;
  const { minValue, maxValue } = parameter;
  if (!Number.isInteger(value) || Number(value) < minValue || Number(value) > maxValue)
    throw new Error(
      `${name} cannot be ${value}: it is a whole number from ${minValue} to ${maxValue}`,
    );
  return Number(value);
}
