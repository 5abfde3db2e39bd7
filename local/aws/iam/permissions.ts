import { createHash, randomBytes } from 'node:crypto';
import type { Context } from '../template/intrinsics.ts';
import { accountId } from '../template/physical-names.ts';
import { functionsOf } from '../template/read-functions.ts';
import { machinesOf } from '../template/read-machines.ts';
import { type Role, rolesOf } from '../template/read-roles.ts';
import { type Authorizer, denial, type Principal } from './authorizer.ts';
import type { RequiredAction } from './evaluate-policy.ts';

type Credentials = { readonly accessKeyId: string; readonly secretAccessKey: string };

/**
 * What each function and machine may do. A caller without a role of the template is the local stack
 * itself (its services, the tests), and may do everything.
 */
export type Permissions = {
  /** The credentials with which the functions sign their requests. */
  credentials(): readonly Credentials[];
  /** The credentials of one function, by its ARN, as environment variables. */
  environmentOf(functionArn: string): Readonly<Record<string, string>>;
  readonly authorize: Authorizer;
  /** Replaces the permissions by those of another template. A function keeps its credentials. */
  update(context: Context): void;
  /** Returns why a machine may not call a function, or nothing if it may. */
  invokeDenial(machineArn: string, functionArn: string): string | undefined;
};

/** The permissions that the template gives to its functions and machines. `onDenied` gets every denial. */
export function permissionsOf(
  context: Context,
  onDenied: (name: string, reason: string) => void = () => undefined,
): Permissions {
  const credentials = new Map<string, Credentials>();
  const credentialsOf = (arn: string) => {
    const known = credentials.get(arn) ?? newCredentials(arn);
    credentials.set(arn, known);
    return known;
  };
  let callers = callersIn(context, credentialsOf);
  const check = (caller: Session | undefined, actions: readonly RequiredAction[]) => {
    const reason = caller && denial(caller, actions);
    if (reason) onDenied(caller.name, reason);
    return reason;
  };
  return {
    credentials: () => [...credentials.values()],
    environmentOf: (functionArn) => {
      const { accessKeyId, secretAccessKey } = credentialsOf(functionArn);
      return { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey };
    },
    update(next) {
      callers = callersIn(next, credentialsOf);
    },
    authorize: (accessKeyId, actions) => check(callers.functions.get(accessKeyId), actions),
    invokeDenial: (machineArn, functionArn) =>
      check(callers.machines.get(machineArn), [
        { action: 'lambda:InvokeFunction', resource: functionArn },
      ]),
  };
}

/** The functions of a template by their access key, and its machines by their ARN. */
function callersIn(context: Context, credentialsOf: (functionArn: string) => Credentials) {
  const [functions, machines] = [functionsOf(context), machinesOf(context)];
  const callerFor = sessionWith(rolesOf(context));
  return {
    functions: new Map(
      functions.map((one) => [credentialsOf(one.arn).accessKeyId, callerFor(one)]),
    ),
    machines: new Map(machines.map((machine) => [machine.arn, callerFor(machine)])),
  };
}

type Session = Principal & { readonly name: string };
type RoleHolder = { readonly name: string; readonly roleArn?: string | undefined };

// CloudFormation would not deploy a function without a role; here such a function may do nothing.
const sessionWith =
  (roles: ReadonlyMap<string, Role>) =>
  ({ name: session, roleArn = '' }: RoleHolder): Session => {
    const { name, statements } = roles.get(roleArn) ?? { name: 'none', statements: [] };
    return {
      arn: `arn:aws:sts::${accountId}:assumed-role/${name}/${session}`,
      name: session,
      statements,
    };
  };

const newCredentials = (arn: string): Credentials => ({
  accessKeyId: `ASIA${createHash('sha256').update(arn).digest('hex').slice(0, 16).toUpperCase()}`,
  secretAccessKey: randomBytes(30).toString('base64url'),
});
