import * as z from 'zod';
import type { Statement } from '../rights/statement.ts';
import { type Context, nameOf } from './intrinsics.ts';
import { attributeOf } from './physical.ts';
import { readResources } from './read-resources.ts';

export type Role = { readonly name: string; readonly statements: readonly Statement[] };

// A variable of IAM would be taken for plain text, and so allow nothing or forbid nothing.
const pattern = z.string().regex(/^(?!.*\$\{)/, 'the laptop knows no policy variables');
const patterns = z.union([pattern.transform((one) => [one]), z.array(pattern)]);

// Strict: a condition, a NotAction or a NotResource is something the laptop would leave out silently.
const PolicyDocument = z.object({
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
          ...{ effect, actions, resources },
        }),
      ),
  ),
});

const shape = {
  Policies: z.array(z.object({ PolicyDocument })).default([]),
  // It allows to write logs, which no service here is asked for.
  ManagedPolicyArns: z
    .array(z.string().endsWith(':policy/service-role/AWSLambdaBasicExecutionRole'))
    .optional(),
  PermissionsBoundary: z.undefined('only policies of the role itself are played').optional(),
};

/** The roles with these ARNs, by ARN, each with all statements of its policies. */
export function rolesOf(context: Context, arns: readonly string[]): ReadonlyMap<string, Role> {
  const arnOf = (id: string, type: string) => attributeOf(type, nameOf(id, context), 'Arn') ?? id;
  const isWanted = (id: string) => arns.includes(arnOf(id, 'AWS::IAM::Role'));
  const policies = readResources(context, ['AWS::IAM::Policy'], {
    PolicyDocument,
    Roles: z.array(z.string()).default([]),
  });
  return new Map(
    readResources(context, ['AWS::IAM::Role'], shape, isWanted).map(({ id, type, properties }) => {
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
