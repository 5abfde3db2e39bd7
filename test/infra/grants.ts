import * as z from 'zod';
import { readable } from './readable.ts';
import { type Found, ofType, type Synthesised } from './synthesised.ts';

const listed = <T extends z.ZodType>(one: T) =>
  z.union([one, z.array(one)]).transform((value) => (Array.isArray(value) ? value : [value]));

const Statement = z.object({
  Effect: z.enum(['Allow', 'Deny']),
  Action: listed(z.string()),
  Resource: listed(z.unknown()).default([]),
  Condition: z.record(z.string(), z.unknown()).optional(),
});
const Document = z.object({ Statement: z.array(Statement) });
const Policy = z.object({ PolicyDocument: Document, Roles: z.array(z.unknown()) });
const BucketPolicy = z.object({ PolicyDocument: Document, Bucket: z.unknown() });
const Permission = z.object({
  Action: z.string(),
  FunctionName: z.unknown(),
  Principal: z.string(),
});

export type Grant = { readonly who: string; readonly action: string; readonly resource: string };

/** Who may do what: every action with every resource, from the roles and from the functions' own rules. */
export const grantsIn = (stage: Synthesised): readonly Grant[] => [
  ...ofType(stage, 'AWS::IAM::Policy').flatMap((policy) => grantsOf(stage, policy)),
  ...ofType(stage, 'AWS::Lambda::Permission').map(({ Properties }) => {
    const { Action, FunctionName, Principal } = Permission.parse(Properties);
    return { who: Principal, action: Action, resource: readable(FunctionName, stage.nameOf) };
  }),
];

/** The statements of the policies that buckets have. */
export const bucketPoliciesIn = (stage: Synthesised) =>
  ofType(stage, 'AWS::S3::BucketPolicy').map(({ Properties }) => {
    const { Bucket, PolicyDocument } = BucketPolicy.parse(Properties);
    return { bucket: readable(Bucket, stage.nameOf), statements: PolicyDocument.Statement };
  });

/** The same for people: a line for each who and resource, sorted; the lines about logs left out. */
export function printed(grants: readonly Grant[]): string {
  const told = grants.filter(({ action }) => !action.startsWith('logs:'));
  const lines = Map.groupBy(told, ({ who, resource }) => `${who}\n${resource}`);
  const width = Math.max(...told.map(({ who }) => who.length)) + 2;
  return [...lines]
    .map(([, [first, ...more]]) => {
      const actions = [first, ...more].map((grant) => grant?.action).sort();
      return `${first?.who.padEnd(width)}${actions.join(' ')} → ${first?.resource}\n`;
    })
    .sort()
    .join('');
}

function grantsOf(stage: Synthesised, { Properties }: Found): readonly Grant[] {
  const { PolicyDocument, Roles } = Policy.parse(Properties);
  return Roles.map((role) => holderOf(stage, role)).flatMap((who) =>
    PolicyDocument.Statement.flatMap(({ Action, Resource }) =>
      Action.flatMap((action) =>
        Resource.map((resource) => ({ who, action, resource: readable(resource, stage.nameOf) })),
      ),
    ),
  );
}

// A role is spoken of as the one who has it.
function holderOf(stage: Synthesised, role: unknown): string {
  const id = readable(role, (logicalId) => logicalId);
  const holder = stage.resources.find(({ Properties }) =>
    ['Role', 'RoleArn'].some((key) => readable(Properties[key], (other) => other) === id),
  );
  return holder?.name ?? stage.nameOf(id);
}
