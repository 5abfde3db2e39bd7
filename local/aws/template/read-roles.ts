import * as z from 'zod';
import type { Statement } from '../iam/evaluate-policy.ts';
import { type Context, nameOf } from './intrinsics.ts';
import { attributeOf } from './physical-names.ts';
import { functionsOf } from './read-functions.ts';
import { machinesOf } from './read-machines.ts';
import { readResources } from './read-resources.ts';

export type Role = { readonly name: string; readonly statements: readonly Statement[] };

// A policy variable would be read as plain text, so its statement would allow or deny nothing.
const pattern = z.string().regex(/^(?!.*\$\{)/, 'the local stack knows no policy variables');
const patterns = z.union([pattern.transform((one) => [one]), z.array(pattern)]);

// Strict: the local stack would silently ignore a condition, a NotAction or a NotResource.
const PolicyDocument = z.strictObject({
  Id: z.string().optional(),
  Version: z.literal('2012-10-17').optional(),
  Statement: z.array(
    z
      .strictObject({
        Sid: z.string().optional(),
        Effect: z.enum(['Allow', 'Deny']),
        Action: patterns,
        Resource: patterns,
      })
      .transform(
        ({ Effect: effect, Action: actions, Resource: resources }): Statement => ({
          effect,
          actions,
          resources,
        }),
      ),
  ),
});

/** What is read of roles. */
export const roleSchema = {
  types: ['AWS::IAM::Role'],
  read: {
    Policies: z
      .array(z.strictObject({ PolicyName: z.string().optional(), PolicyDocument }))
      .default([]),
    // It allows to write logs, and there is no local service for logs.
    ManagedPolicyArns: z
      .array(z.string().endsWith(':policy/service-role/AWSLambdaBasicExecutionRole'))
      .optional(),
    PermissionsBoundary: z.undefined('only policies of the role itself are evaluated').optional(),
  },
  ignored: {
    AssumeRolePolicyDocument: 'a role is used by the functions and machines that name it',
    Description: 'it is only a text',
    MaxSessionDuration: 'a session lasts as long as the local stack',
    Tags: 'tags change nothing',
  },
};

/** What is read of policies that are attached to roles. */
export const policySchema = {
  types: ['AWS::IAM::Policy'],
  read: { PolicyDocument, Roles: z.array(z.string()).default([]) },
  ignored: { PolicyName: 'it is only a label' },
};

/** The roles of the functions and machines, each with all statements of its policies. The key is the ARN. */
export function rolesOf(context: Context): ReadonlyMap<string, Role> {
  const arns = [...functionsOf(context), ...machinesOf(context)].map(({ roleArn }) => roleArn);
  const arnOf = (id: string, type: string) => attributeOf(type, nameOf(id, context), 'Arn') ?? id;
  const isWanted = (id: string) => arns.includes(arnOf(id, 'AWS::IAM::Role'));
  const policies = readResources(context, policySchema);
  return new Map(
    readResources(context, roleSchema, isWanted).map(({ id, type, properties }) => {
      const name = nameOf(id, context);
      const attached = policies
        .map(({ properties: policy }) => policy)
        .filter(({ Roles }) => Roles.includes(name));
      const statements = [...properties.Policies, ...attached].flatMap(
        (policy) => policy.PolicyDocument.Statement,
      );
      return [arnOf(id, type), { name, statements }];
    }),
  );
}
