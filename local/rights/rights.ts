import { createHash, randomBytes } from 'node:crypto';
import type { Context } from '../template/intrinsics.ts';
import { accountId } from '../template/physical.ts';
import { functionsOf } from '../template/read-functions.ts';
import { machinesOf } from '../template/read-machines.ts';
import { type Role, rolesOf } from '../template/read-roles.ts';
import { type Caller, type Judge, objection } from './judge.ts';
import type { Need } from './statement.ts';

type Credentials = { readonly accessKeyId: string; readonly secretAccessKey: string };

/** Who may do what. Whoever calls by no role of the template is the laptop itself, and may do everything. */
export type Rights = {
  /** What each function signs its calls with. */
  readonly credentials: readonly Credentials[];
  /** The same for the environment of one function, by its ARN. */
  environmentOf(functionArn: string): Readonly<Record<string, string>>;
  readonly judge: Judge;
  /** Says why a machine may not call a function; nothing when it may. */
  againstInvoking(machineArn: string, functionArn: string): string | undefined;
};

/** The rights that the template gives to its functions and machines. `tell` hears of all they lack. */
export function rightsOf(
  context: Context,
  tell: (name: string, objection: string) => void = () => undefined,
): Rights {
  const [functions, machines] = [functionsOf(context), machinesOf(context)];
  const arns = [...functions, ...machines].flatMap(({ roleArn }) => roleArn ?? []);
  const callerFor = callerWith(rolesOf(context, arns));
  const sessions = functions.map((definition) => ({
    ...{ arn: definition.arn, caller: callerFor(definition), ...newCredentials(definition.arn) },
  }));
  const callers = new Map(sessions.map(({ accessKeyId, caller }) => [accessKeyId, caller]));
  const machineCallers = new Map(machines.map((machine) => [machine.arn, callerFor(machine)]));
  const told = (caller: Session | undefined, needs: readonly Need[]) => {
    const found = caller && objection(caller, needs);
    if (found) tell(caller.name, found);
    return found;
  };
  return {
    credentials: sessions,
    environmentOf: (functionArn) => {
      const { accessKeyId, secretAccessKey } =
        sessions.find(({ arn }) => arn === functionArn) ?? newCredentials(functionArn);
      return { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey };
    },
    judge: (accessKeyId, needs) => told(callers.get(accessKeyId), needs),
    againstInvoking: (machineArn, functionArn) =>
      told(machineCallers.get(machineArn), [
        { action: 'lambda:InvokeFunction', resource: functionArn },
      ]),
  };
}

type Session = Caller & { readonly name: string };
type Played = { readonly name: string; readonly roleArn?: string | undefined };

// Without a role CloudFormation would not deploy it; here it may do nothing.
const callerWith =
  (roles: ReadonlyMap<string, Role>) =>
  ({ name: session, roleArn = '' }: Played): Session => {
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
