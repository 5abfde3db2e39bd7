import { rmSync } from 'node:fs';
import { inject, onTestFinished } from 'vitest';
import * as z from 'zod';
import { editTemplate } from './edit-template.ts';

/** One grant of a role. Role and resource are named by the beginning of their logical ids. */
export type Grant = { readonly role: string; readonly action: string; readonly resource: string };

const oneOrMany = <T extends z.ZodType>(one: T) =>
  z.union([z.array(one), one.transform((value) => [value])]);
const Statement = z.looseObject({
  Action: oneOrMany(z.string()),
  Resource: oneOrMany(z.unknown()),
});
type Statement = z.infer<typeof Statement>;
const PolicyDocument = z.looseObject({ Statement: z.array(Statement) });
const Role = z.looseObject({ Policies: z.array(z.looseObject({ PolicyDocument })).default([]) });
const Policy = z.looseObject({ PolicyDocument, Roles: z.array(z.object({ Ref: z.string() })) });

type Resource = { readonly Type: string; Properties?: object | undefined };

/**
 * Copies the synthesised stack without one grant. The copy is deleted when the test is over.
 * @throws {Error} when the stack does not have that grant
 */
export function outdirWithoutGrant(grant: Grant): string {
  const outdir = editTemplate(inject('outdir'), (resources) => {
    const wasRemoved = Object.entries(resources).map(([id, resource]) =>
      removeGrant(id, resource, grant),
    );
    if (!wasRemoved.includes(true)) {
      throw new Error(`${grant.role} has no ${grant.action} on ${grant.resource}`);
    }
  });
  onTestFinished(() => rmSync(outdir, { recursive: true, force: true }));
  return outdir;
}

/** Removes a grant from the policies inside a role, or from a policy of its own. Says whether it was there. */
function removeGrant(id: string, resource: Resource, grant: Grant): boolean {
  if (resource.Type === 'AWS::IAM::Role' && id.startsWith(grant.role)) {
    const role = Role.parse(resource.Properties);
    const documents = role.Policies.map((policy) => documentWithout(policy.PolicyDocument, grant));
    const policies = documents.map(({ document }, index) => ({
      ...role.Policies[index],
      PolicyDocument: document,
    }));
    resource.Properties = { ...role, Policies: policies };
    return documents.some(({ isChanged }) => isChanged);
  }
  if (resource.Type !== 'AWS::IAM::Policy') return false;
  const policy = Policy.parse(resource.Properties);
  if (!policy.Roles.some(({ Ref }) => Ref.startsWith(grant.role))) return false;
  const { document, isChanged } = documentWithout(policy.PolicyDocument, grant);
  resource.Properties = { ...policy, PolicyDocument: document };
  return isChanged;
}

function documentWithout(document: z.infer<typeof PolicyDocument>, grant: Grant) {
  const { Statement: statements } = document;
  const remaining = statements.flatMap((statement) => withoutGrant(statement, grant));
  return {
    document: { ...document, Statement: remaining },
    isChanged:
      remaining.length !== statements.length || remaining.some((one) => !statements.includes(one)),
  };
}

// CDK merges statements, so the other actions and the other resources of the statement stay allowed.
function withoutGrant(statement: Statement, { action, resource }: Grant): readonly Statement[] {
  const isResource = (value: unknown) => JSON.stringify(value).includes(`"${resource}`);
  const { Action: actions, Resource: resources } = statement;
  if (!actions.includes(action) || !resources.some(isResource)) return [statement];
  return [
    { ...statement, Action: actions.filter((name) => name !== action) },
    { ...statement, Action: [action], Resource: resources.filter((value) => !isResource(value)) },
  ].filter(({ Action, Resource }) => Action.length > 0 && Resource.length > 0);
}
