import { ownValue } from '../json-object.ts';
import type { Template } from './template.ts';
import { templateError } from './template-value.ts';

type Given = Readonly<Record<string, string>>;

/**
 * Checks values for the template's parameters as CloudFormation does before it deploys.
 * @throws {Error} that names the parameter
 */
export function checkParameters({ parameters }: Template, given: Given): void {
  for (const name of Object.keys(given)) {
    if (!Object.hasOwn(parameters, name)) templateError(name, 'the template has no such parameter');
  }
  for (const [name, declared] of Object.entries(parameters)) {
    const value = ownValue(given, name) ?? declared.Default;
    if (value !== undefined) checkValue(`the parameter ${name}`, String(value), declared);
  }
}

type Declared = Template['parameters'][string];

function checkValue(where: string, value: string, declared: Declared): void {
  const { AllowedPattern: pattern, AllowedValues: values } = declared;
  if (values && !values.map(String).includes(value)) {
    templateError(where, `"${value}" is none of ${values.join(', ')}`);
  }
  if (pattern !== undefined && !new RegExp(`^(?:${pattern})$`).test(value)) {
    templateError(where, `"${value}" does not match ${pattern}`);
  }
  checkBounds(where, value, declared);
}

function checkBounds(where: string, value: string, declared: Declared): void {
  const isNumber = declared.Type === 'Number';
  const size = isNumber ? Number(value) : value.length;
  const min = Number((isNumber ? declared.MinValue : declared.MinLength) ?? -Infinity);
  const max = Number((isNumber ? declared.MaxValue : declared.MaxLength) ?? Infinity);
  if (Number.isNaN(size)) templateError(where, `"${value}" is not a number`);
  if (size < min || size > max) templateError(where, `"${value}" is too small or too large`);
}
