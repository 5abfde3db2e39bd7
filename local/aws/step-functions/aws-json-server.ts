import { AwsError } from '../aws-error.ts';
import type { Authorizer } from '../iam/authorizer.ts';
import type { RequiredAction } from '../iam/evaluate-policy.ts';
import { createJsonServer, type Intercept, type JsonOperation } from '../json-server.ts';
import { listen, type RunningServer } from '../listen.ts';
import { StepFunctionsError } from './error.ts';
import type { Operation } from './operations.ts';

type Options = {
  readonly port: number;
  readonly requiredActions: (operation: string, body: unknown) => readonly RequiredAction[];
  readonly authorize: Authorizer;
  readonly intercept?: Intercept | undefined;
};

/** Serves these operations. Only this machine can reach the server. */
export const serve = (
  operations: Readonly<Record<string, Operation>>,
  { port, ...options }: Options,
): Promise<RunningServer> =>
  listen(
    createJsonServer({
      name: 'Step Functions',
      target: 'AWSStepFunctions',
      version: '1.0',
      operations: Object.fromEntries(
        Object.entries(operations).map(([name, run]) => [name, withAwsErrors(run)]),
      ),
      internalError: 'InternalFailure',
      ...options,
    }),
    port,
  );

const withAwsErrors =
  (run: Operation): JsonOperation =>
  (input) => {
    try {
      return run(input);
    } catch (thrown) {
      throw thrown instanceof StepFunctionsError ? new AwsError(thrown.toJSON()) : thrown;
    }
  };
