import * as z from 'zod';
import { readable } from './readable.ts';
import { ofType, type Synthesised } from './synthesised.ts';

const listOf = <T extends z.ZodType>(one: T) =>
  z.union([one, z.array(one)]).transform((value) => (Array.isArray(value) ? value : [value]));

const Statement = z.object({
  Effect: z.enum(['Allow', 'Deny']),
  Action: listOf(z.string()),
  Resource: listOf(z.unknown()).default([]),
  Condition: z.record(z.string(), z.unknown()).optional(),
});
const Document = z.object({ Statement: z.array(Statement) });
const Policy = z.object({ PolicyDocument: Document, Roles: z.array(z.unknown()) });
const Role = z.object({ Policies: z.array(z.object({ PolicyDocument: Document })).default([]) });
const BucketPolicy = z.object({ PolicyDocument: Document, Bucket: z.unknown() });
const Permission = z.object({
  Action: z.string(),
  FunctionName: z.unknown(),
  Principal: z.string(),
});

export type Grant = { readonly who: string; readonly action: string; readonly resource: string };

/** Who may do what: every action with every resource, from the roles and from the functions' own permissions. */
export const grantsIn = (stage: Synthesised): readonly Grant[] => [
  ...ofType(stage, 'AWS::IAM::Role').flatMap(({ id, Properties }) =>
    Role.parse(Properties).Policies.flatMap(({ PolicyDocument }) =>
      grantsOf(stage, holderOf(stage, id), PolicyDocument),
    ),
  ),
  ...ofType(stage, 'AWS::IAM::Policy').flatMap(({ Properties }) => {
    const { PolicyDocument, Roles } = Policy.parse(Properties);
    return Roles.flatMap((role) =>
      grantsOf(
        stage,
        holderOf(
          stage,
          readable(role, (id) => id),
        ),
        PolicyDocument,
      ),
    );
  }),
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

/**
 * The grants for people: a sorted line for each holder and resource, without the grants to write logs. A function
 * that serves several routes has a line in front that says why (`reasons`, by the name of the function).
 */
export function printed(
  grants: readonly Grant[],
  reasons: ReadonlyMap<string, string> = new Map(),
): string {
  const shown = grants.filter(({ action }) => !action.startsWith('logs:'));
  const byResource = Map.groupBy(shown, ({ who, resource }) => `${who}\n${resource}`);
  const width = Math.max(...shown.map(({ who }) => who.length)) + 2;
  const lines = [...byResource].map(([, [first, ...more]]) => {
    const actions = [first, ...more].map((grant) => grant?.action).sort();
    return `${first?.who.padEnd(width)}${actions.join(' ')} → ${first?.resource}\n`;
  });
  const comments = [...reasons].map(
    ([name, reason]) => `${name.padEnd(width)}# serves several routes: ${reason}\n`,
  );
  return [...comments, ...lines].sort().join('');
}

const grantsOf = (
  stage: Synthesised,
  who: string,
  { Statement: statements }: z.output<typeof Document>,
): readonly Grant[] =>
  statements.flatMap(({ Action, Resource }) =>
    Action.flatMap((action) =>
      Resource.map((resource) => ({ who, action, resource: readable(resource, stage.nameOf) })),
    ),
  );

/** A role goes by the name of the function or machine that has it. */
function holderOf(stage: Synthesised, roleId: string): string {
  const holder = stage.resources.find(({ Properties }) =>
    ['Role', 'RoleArn'].some((key) => readable(Properties[key], (id) => id) === roleId),
  );
  return holder?.name ?? stage.nameOf(roleId);
}
