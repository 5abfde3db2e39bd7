import { ProviderBusy, ProviderRefused, SubmitUnknown } from '../task/failures.ts';
import type { Failure } from '../task/task.ts';
import { reasons } from './reasons.ts';

/**
 * What an error means for a submit. `busy`: a clear no for now. `refused`: a clear no for good.
 * `operator`: no, until somebody sees to our account. `unclear`: the job may have been accepted.
 */
type Verdict = 'busy' | 'refused' | 'operator' | 'unclear';

export type Row = {
  /**
   * As the provider spells them. `X.*` is X and everything below it; a code written out in full wins.
   * A number is the HTTP status that decides about codes nobody has written down.
   */
  readonly codes: readonly string[];
  readonly verdict: Verdict;
  readonly failure: Failure;
};

type Refusal = Pick<Row, 'verdict' | 'failure'>;

const unknown: Refusal = { verdict: 'unclear', failure: reasons.unknown };

/** What one provider's errors mean. */
export function errorTable(table: readonly Row[]) {
  const rows = new Map(table.flatMap((row) => row.codes.map((code) => [code, row] as const)));
  const find = (code: string) => rows.get(code) ?? rows.get(`${code.split(/[.:]/, 1)[0]}.*`);

  return {
    /** Why a job, or one image of it, was not made. */
    failureOf: (code: string): Failure => (find(code) ?? unknown).failure,
    /** What an error means. A 5xx without a code is some gateway's word, not the provider's. */
    refusalOf(status: number, code = ''): Refusal {
      const byStatus = rows.get(`${status}`) ?? rows.get(`${Math.trunc(status / 100)}xx`);
      const isTheirs = status < 500 || code !== '';
      return find(code) ?? (isTheirs ? byStatus : undefined) ?? unknown;
    },
  };
}

/** What a submit throws that was refused; `line` is for the log. */
export function refusalError({ verdict, failure }: Refusal, line: string): Error {
  if (verdict === 'busy') return new ProviderBusy(`submit ${line}`);
  if (verdict === 'unclear') return new SubmitUnknown(`submit ${line}`);
  const operatorMustAct = verdict === 'operator';
  return new ProviderRefused(failure, { operatorMustAct, cause: new Error(`submit ${line}`) });
}
