import { type Authorizer, denial } from '../../../../local/aws/iam/authorizer.ts';
import type { Statement } from '../../../../local/aws/iam/evaluate-policy.ts';

/** The credentials of a caller with a role, and of one without restrictions. */
export const limitedCaller = {
  accessKeyId: 'ASIALIMITED',
  secretAccessKey: 'of-the-limited-caller',
};
export const owner = { accessKeyId: 'AKIAOWNER', secretAccessKey: 'of-the-owner' };

const limitedCallerArn = 'arn:aws:sts::000000000000:assumed-role/Limited/session';

const statement =
  (effect: Statement['effect']) =>
  (resource: string, ...actions: readonly string[]): Statement => ({
    effect,
    actions,
    resources: [resource],
  });

export const allow = statement('Allow');
export const deny = statement('Deny');

/** An authorizer under which the limited caller has these statements. */
export const authorizerWith =
  (...statements: readonly Statement[]): Authorizer =>
  (accessKeyId, actions) =>
    accessKeyId === limitedCaller.accessKeyId
      ? denial({ arn: limitedCallerArn, statements }, actions)
      : undefined;

/** AWS's message for a missing permission. */
export const notAllowed = (action: string, resource: string) =>
  `User: ${limitedCallerArn} is not authorized to perform: ${action} on resource: ${resource} because no identity-based policy allows the ${action} action`;
