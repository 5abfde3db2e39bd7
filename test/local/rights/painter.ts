import { type Judge, objection } from '../../../local/rights/judge.ts';
import type { Statement } from '../../../local/rights/statement.ts';

/** The credentials of somebody with a role, and of somebody who may do everything. */
export const painter = { accessKeyId: 'ASIAPAINTER', secretAccessKey: 'of-the-painter' };
export const owner = { accessKeyId: 'AKIAOWNER', secretAccessKey: 'of-the-owner' };

const painterArn = 'arn:aws:sts::000000000000:assumed-role/Painter/paint';

const statement =
  (effect: Statement['effect']) =>
  (resource: string, ...actions: readonly string[]): Statement => ({
    ...{ effect, actions, resources: [resource] },
  });

export const allow = statement('Allow');
export const deny = statement('Deny');

/** The painter's role has these statements. */
export const judgeWith =
  (...statements: readonly Statement[]): Judge =>
  (accessKeyId, needs) =>
    accessKeyId === painter.accessKeyId
      ? objection({ arn: painterArn, statements }, needs)
      : undefined;

/** The words in which AWS says what is missing. */
export const notAllowed = (action: string, resource: string) =>
  `User: ${painterArn} is not authorized to perform: ${action} on resource: ${resource} because no identity-based policy allows the ${action} action`;
