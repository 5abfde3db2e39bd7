import type { Context } from './intrinsics.ts';
import { checkBucketPolicies } from './read-bucket-policies.ts';
import { deploymentHelpers } from './read-functions.ts';
import { isDeployed, unknownProperties } from './read-resources.ts';
import { schemaByType, typesWithoutEffect } from './resource-types.ts';

/**
 * Refuses a template that uses something the local stack does not know, since ignoring it would let the
 * stack behave differently on AWS.
 * @throws {Error} that names every resource, type and property that is not known
 */
export function checkTemplate(context: Context): void {
  const helpers = deploymentHelpers(context);
  const problems = Object.entries(context.template.resources)
    .filter(([id]) => !helpers.has(id) && isDeployed(id, context))
    .flatMap(([id, { Type, Properties }]) => problemsOf(id, Type, Properties));
  if (problems.length > 0) {
    throw new Error(`The local stack cannot run this template:\n${problems.join('\n')}`);
  }
  checkBucketPolicies(context);
}

function problemsOf(
  id: string,
  type: string,
  properties: Readonly<Record<string, unknown>>,
): readonly string[] {
  if (Object.hasOwn(typesWithoutEffect, type)) return [];
  const schema = schemaByType.get(type);
  if (!schema) return [`${id}: the local stack does not know the type ${type}`];
  return unknownProperties(schema, type, properties).map(
    (name) => `${id} (${type}): the local stack does not know the property ${name}`,
  );
}
