import { type Need, type Statement, verdict } from './statement.ts';

/** Somebody who calls a service: a session of a role, as STS names it. */
export type Caller = { readonly arn: string; readonly statements: readonly Statement[] };

/** Says why the one with this access key may not do all that; nothing when he may. */
export type Judge = (accessKeyId: string, needs: readonly Need[]) => string | undefined;

/** For a service that nobody gave any rights to ask about. */
export const everybodyMay: Judge = () => undefined;

/** The first thing that the caller may not do, in AWS's words; nothing when he may do all. */
export function objection({ arn, statements }: Caller, needs: readonly Need[]): string | undefined {
  for (const need of needs) {
    const found = verdict(statements, need);
    if (found === 'allowed') continue;
    const { action, resource } = need;
    const why =
      found === 'denied'
        ? 'with an explicit deny in an identity-based policy'
        : `because no identity-based policy allows the ${action} action`;
    return `User: ${arn} is not authorized to perform: ${action} on resource: ${resource} ${why}`;
  }
  return undefined;
}

/** The access key that a request was signed with. */
export const signerOf = (authorization = ''): string =>
  /[ ,]Credential=([^/, ]+)\//.exec(authorization)?.[1] ?? '';
