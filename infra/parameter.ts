import { CfnParameter } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import type { Stage } from './stage.ts';

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
  { fixed }: Pick<Stage, 'fixed'>,
  name: string,
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
  { fixed }: Pick<Stage, 'fixed'>,
  name: string,
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
