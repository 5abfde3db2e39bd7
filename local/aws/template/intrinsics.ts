import { isJsonObject, ownValue } from '../json-object.ts';
import {
  accountId,
  attributeOf,
  generatedName,
  nameProperty,
  refOf,
  region,
} from './physical-names.ts';
import type { Template } from './template.ts';
import { list, templateError, text, texts } from './template-value.ts';

/** A template, and the values that it does not contain. */
export type Context = {
  readonly template: Template;
  /** Values of the template's parameters; one with a default may be left out. */
  readonly parameters?: Readonly<Record<string, string>>;
  /** Attributes that only the running local stack knows, by logical id: `{ Api123: { ApiEndpoint: 'http://…' } }`. */
  readonly attributes?: Readonly<Record<string, Readonly<Record<string, string>>>>;
};

type Intrinsic = (argument: unknown, context: Context, where: string) => unknown;

const pseudoParameters: Readonly<Record<string, string | undefined>> = {
  'AWS::Region': region,
  'AWS::AccountId': accountId,
  'AWS::Partition': 'aws',
  'AWS::URLSuffix': 'amazonaws.com',
};

const intrinsics: Readonly<Record<string, Intrinsic>> = {
  Ref: (id, context, where) => ref(text(id, where), context, where),
  'Fn::GetAtt': (argument, context, where) => {
    const [id, ...path] =
      typeof argument === 'string' ? argument.split('.') : list(argument, where);
    return attribute(text(id, where), path.join('.'), context, where);
  },
  'Fn::Join': (argument, context, where) => {
    const [separator, parts] = list(argument, where);
    return texts(resolve(parts, context, where), where).join(text(separator, where));
  },
  'Fn::Split': (argument, context, where) => {
    const [separator, whole] = list(argument, where);
    return text(resolve(whole, context, where), where).split(text(separator, where));
  },
  'Fn::Select': (argument, context, where) => {
    const [index, from] = list(argument, where);
    const chosen = list(resolve(from, context, where), where)[Number(index)];
    return chosen ?? templateError(where, `Fn::Select finds nothing at ${String(index)}`);
  },
  'Fn::Sub': (argument, context, where) => {
    const [pattern, variables = {}] = Array.isArray(argument) ? argument : [argument];
    return substitute(text(pattern, where), resolve(variables, context, where), context, where);
  },
  'Fn::FindInMap': (argument, context, where) => {
    const [map = '', first = '', second = ''] = texts(resolve(argument, context, where), where);
    const table = ownValue(ownValue(context.template.mappings ?? {}, map) ?? {}, first) ?? {};
    const found = ownValue(table, second);
    return (
      found ?? templateError(where, `Fn::FindInMap finds nothing at ${map}.${first}.${second}`)
    );
  },
  'Fn::If': (argument, context, where) => {
    const [condition, yes, no] = list(argument, where);
    return resolve(holds(text(condition, where), context) ? yes : no, context, where);
  },
};

const predicates: Readonly<
  Record<string, (argument: unknown[], context: Context, where: string) => boolean>
> = {
  'Fn::Equals': ([left, right], context, where) =>
    String(resolve(left, context, where)) === String(resolve(right, context, where)),
  'Fn::And': (all, context, where) => all.every((one) => isTrue(one, context, where)),
  'Fn::Or': (all, context, where) => all.some((one) => isTrue(one, context, where)),
  'Fn::Not': ([one], context, where) => !isTrue(one, context, where),
};

/**
 * Evaluates the intrinsic functions in a value of the template. `where` names the place in errors.
 * @throws {Error} for everything that the local stack does not know; it is never silently `undefined`
 */
export function resolve(value: unknown, context: Context, where: string): unknown {
  if (Array.isArray(value)) {
    return value
      .map((item, index) => resolve(item, context, `${where}[${index}]`))
      .filter((item) => item !== undefined); // AWS::NoValue
  }
  if (!isJsonObject(value)) return value;
  const [name = '', ...others] = Object.keys(value);
  if (others.length === 0 && (name === 'Ref' || name.startsWith('Fn::'))) {
    const evaluate =
      intrinsics[name] ?? templateError(where, `the local stack does not know ${name}`);
    return evaluate(value[name], context, where);
  }
  const entries = Object.entries(value)
    .map(([key, item]): [string, unknown] => [key, resolve(item, context, `${where}.${key}`)])
    .filter(([, item]) => item !== undefined);
  return Object.fromEntries(entries);
}

/** The values of the template's outputs. */
export const outputsOf = (context: Context): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.entries(context.template.outputs ?? {})
      .filter(([, { Condition }]) => Condition === undefined || holds(Condition, context))
      .map(([name, { Value }]) => {
        const where = `Outputs.${name}`;
        return [name, text(resolve(Value, context, where), where)];
      }),
  );

/** Whether a condition of the template is true. */
export function holds(name: string, context: Context): boolean {
  const where = `Conditions.${name}`;
  if (!Object.hasOwn(context.template.conditions, name))
    templateError(where, 'the template has no such condition');
  return isTrue(context.template.conditions[name], context, where);
}

function isTrue(predicate: unknown, context: Context, where: string): boolean {
  const [[name, argument] = ['']] = Object.entries(isJsonObject(predicate) ? predicate : {});
  if (name === 'Condition') return holds(text(argument, where), context);
  const evaluate =
    ownValue(predicates, name) ?? templateError(where, `the local stack does not know ${name}`);
  return evaluate(list(argument, where), context, where);
}

/** The physical name of a resource: the template's, or one generated from its logical id. */
export function nameOf(id: string, context: Context): string {
  const { stackName, resources } = context.template;
  const { Type = '', Properties = {} } = ownValue(resources, id) ?? {};
  const property = nameProperty(Type);
  const given = property && resolve(Properties[property], context, `${id}.${property}`);
  return typeof given === 'string' && given ? given : generatedName(Type, stackName, id);
}

function ref(id: string, context: Context, where: string): string | undefined {
  if (id === 'AWS::NoValue') return undefined;
  if (id === 'AWS::StackName') return context.template.stackName;
  return (
    ownValue(pseudoParameters, id) ??
    parameter(id, context, where) ??
    resourceRef(id, context, where)
  );
}

function parameter(id: string, context: Context, where: string): string | undefined {
  const declared = ownValue(context.template.parameters, id);
  const given = ownValue(context.parameters ?? {}, id);
  if (!declared) return undefined;
  if (given !== undefined) return given;
  // The default of such a parameter is the name of an SSM parameter, not a value.
  const isLookedUp = declared.Type.startsWith('AWS::SSM::');
  if (declared.Default !== undefined && !isLookedUp) return String(declared.Default);
  return templateError(where, `the parameter ${id} needs a value`);
}

function resourceRef(id: string, context: Context, where: string): string {
  const resource =
    ownValue(context.template.resources, id) ??
    templateError(where, `there is no ${id} to refer to`);
  const found = refOf(resource.Type, nameOf(id, context));
  return (
    found ?? templateError(where, `Ref to ${id}: the local stack does not emulate ${resource.Type}`)
  );
}

function attribute(id: string, name: string, context: Context, where: string): string {
  const given = ownValue(ownValue(context.attributes ?? {}, id) ?? {}, name);
  if (given !== undefined) return given;
  const resource =
    ownValue(context.template.resources, id) ??
    templateError(where, `there is no ${id} to refer to`);
  const found = attributeOf(resource.Type, nameOf(id, context), name);
  return (
    found ??
    templateError(where, `the local stack does not know ${name} of ${id} (${resource.Type})`)
  );
}

function substitute(pattern: string, variables: unknown, context: Context, where: string): string {
  const known = isJsonObject(variables) ? variables : {};
  return pattern.replace(/\$\{(!?)([^}]+)\}/g, (_, literal: string, name: string) => {
    if (literal) return `\${${name}}`;
    if (Object.hasOwn(known, name)) return text(known[name], where);
    const [id = '', ...path] = name.split('.');
    return path.length > 0
      ? attribute(id, path.join('.'), context, where)
      : (ref(id, context, where) ?? '');
  });
}
