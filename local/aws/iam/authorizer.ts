import { evaluatePolicy, type RequiredAction, type Statement } from './evaluate-policy.ts';

/** The caller of a service: a session of a role, as STS names it. */
export type Principal = { readonly arn: string; readonly statements: readonly Statement[] };

/** Returns why the owner of this access key may not do one of these actions, or nothing if all are allowed. */
export type Authorizer = (
  accessKeyId: string,
  actions: readonly RequiredAction[],
) => string | undefined;

/** For a service that runs without permissions. */
export const allowAll: Authorizer = () => undefined;

/** AWS's error message for the first action that is not allowed; nothing if all are allowed. */
export function denial(
  { arn, statements }: Principal,
  actions: readonly RequiredAction[],
): string | undefined {
  for (const { action, resource } of actions) {
    const decision = evaluatePolicy(statements, { action, resource });
    if (decision === 'allowed') continue;
    const why =
      decision === 'denied'
        ? 'with an explicit deny in an identity-based policy'
        : `because no identity-based policy allows the ${action} action`;
    return `User: ${arn} is not authorized to perform: ${action} on resource: ${resource} ${why}`;
  }
  return undefined;
}

/** The access key that a request was signed with. */
export const accessKeyOf = (authorization = ''): string =>
  /[ ,]Credential=([^/, ]+)\//.exec(authorization)?.[1] ?? '';
