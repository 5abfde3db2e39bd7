import { cpSync, globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inject, onTestFinished } from 'vitest';
import * as z from 'zod';

/** What a role may do with what; the beginnings of logical ids are enough. */
export type Grant = { readonly role: string; readonly action: string; readonly resource: string };

const listed = <T extends z.ZodType>(one: T) =>
  z.union([z.array(one), one.transform((value) => [value])]);
const Statement = z.looseObject({ Action: listed(z.string()), Resource: listed(z.unknown()) });
type Statement = z.infer<typeof Statement>;
const Policy = z.looseObject({
  PolicyDocument: z.looseObject({ Statement: z.array(Statement) }),
  Roles: z.array(z.object({ Ref: z.string() })),
});
const Template = z.looseObject({
  Resources: z.record(
    z.string(),
    z.looseObject({ Type: z.string(), Properties: z.looseObject({}).optional() }),
  ),
});

/** The synthesised stack with a grant missing, for one test. @throws when it is not there anyway */
export function outdirWithout(grant: Grant): string {
  const outdir = mkdtempSync(join(tmpdir(), 'darkroom-without-'));
  onTestFinished(() => rmSync(outdir, { recursive: true, force: true }));
  cpSync(inject('outdir'), outdir, { recursive: true });
  const [name = ''] = globSync('*.template.json', { cwd: outdir });
  const file = join(outdir, name);
  const template = Template.parse(JSON.parse(readFileSync(file, 'utf8')));
  const taken = Object.values(template.Resources)
    .filter(({ Type }) => Type === 'AWS::IAM::Policy')
    .map((policy) => takeFrom(policy, grant));
  if (!taken.includes(true)) {
    throw new Error(`${grant.role} has no ${grant.action} on ${grant.resource}`);
  }
  writeFileSync(file, JSON.stringify(template));
  return outdir;
}

function takeFrom(resource: { Properties?: object | undefined }, grant: Grant): boolean {
  const policy = Policy.parse(resource.Properties);
  if (!policy.Roles.some(({ Ref }) => Ref.startsWith(grant.role))) return false;
  const { Statement: statements } = policy.PolicyDocument;
  const left = statements.flatMap((one) => statementWithout(one, grant));
  resource.Properties = { ...policy, PolicyDocument: { Statement: left } };
  return left.some((one) => !statements.includes(one)) || left.length < statements.length;
}

// CDK merges statements, so the other actions and the other resources of this one stay allowed.
function statementWithout(statement: Statement, { action, resource }: Grant): readonly Statement[] {
  const isMeant = (one: unknown) => JSON.stringify(one).includes(`"${resource}`);
  const { Action: actions, Resource: resources } = statement;
  if (!actions.includes(action) || !resources.some(isMeant)) return [statement];
  return [
    { ...statement, Action: actions.filter((one) => one !== action) },
    { ...statement, Action: [action], Resource: resources.filter((one) => !isMeant(one)) },
  ].filter(({ Action, Resource }) => Action.length > 0 && Resource.length > 0);
}
