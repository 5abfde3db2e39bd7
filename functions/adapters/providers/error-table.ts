import type { Failure } from '../../domain/model/task.ts';
import {
  ProviderBusy,
  ProviderRejected,
  SubmitUnknown,
} from '../../domain/model/workflow-errors.ts';
import { reasons } from '../../domain/providers/reasons.ts';

/**
 * What an error means for a submit.
 * - `busy`: not accepted, may be retried.
 * - `rejected`: not accepted, and the same job never will be.
 * - `operator`: not accepted, until the operator repairs our account at the provider.
 * - `unknown`: the job may have been accepted.
 */
type Category = 'busy' | 'rejected' | 'operator' | 'unknown';

export type ErrorRow = {
  /**
   * As the provider spells them. `X.*` is X and everything below it; a code written out in full wins.
   * A number is an HTTP status: it decides when the code is in no row.
   */
  readonly codes: readonly string[];
  readonly category: Category;
  readonly failure: Failure;
};

type Rejection = Pick<ErrorRow, 'category' | 'failure'>;

const unknown: Rejection = { category: 'unknown', failure: reasons.unknown };

/** Looks up what one provider's errors mean. */
export function errorTable(table: readonly ErrorRow[]) {
  const rows = new Map(table.flatMap((row) => row.codes.map((code) => [code, row] as const)));
  const find = (code: string) => rows.get(code) ?? rows.get(`${code.split(/[.:]/, 1)[0]}.*`);

  return {
    /** Why a job, or one image of it, was not made. */
    failureOf: (code: string): Failure => (find(code) ?? unknown).failure,
    /** What an error response means. A 5xx without a code comes from some gateway, not from the provider. */
    classify(status: number, code = ''): Rejection {
      const byStatus = rows.get(`${status}`) ?? rows.get(`${Math.trunc(status / 100)}xx`);
      const isFromProvider = status < 500 || code !== '';
      return find(code) ?? (isFromProvider ? byStatus : undefined) ?? unknown;
    },
  };
}

/** The error that a submit throws for a rejection; `line` is for the log. */
export function rejectionError({ category, failure }: Rejection, line: string): Error {
  if (category === 'busy') return new ProviderBusy(`submit ${line}`);
  if (category === 'unknown') return new SubmitUnknown(`submit ${line}`);
  const operatorMustAct = category === 'operator';
  return new ProviderRejected(failure, { operatorMustAct, cause: new Error(`submit ${line}`) });
}
