import * as z from 'zod';
import { runtimeFailure } from './failure.ts';

const direct = /^arn:aws[\w-]*:lambda:/;
const integrated = /^arn:aws[\w-]*:states:::lambda:invoke(\.waitForTaskToken)?$/;

export const lambdaResource = z
  .string()
  .refine((resource) => direct.test(resource) || integrated.test(resource), {
    error: ({ input }) => `the resource ${input} is not a Lambda function`,
  });

const Parameters = z.object({ FunctionName: z.string(), Payload: z.unknown().optional() });

/** How a Task calls its function, what its events are called, and what comes back. */
export type Call = {
  readonly functionArn: string;
  readonly payload: unknown;
  readonly waitsForToken: boolean;
  readonly events: 'LambdaFunction' | 'Task';
  /** What every event of this call carries. */
  readonly details: Readonly<Record<string, string>>;
  /** What the event that schedules it carries besides. */
  readonly scheduled: Readonly<Record<string, string>>;
  resultOf(payload: unknown): unknown;
};

export const waitsForToken = (resource: string): boolean => resource.endsWith('.waitForTaskToken');

export function callOf(resource: string, parameters: unknown): Call {
  if (direct.test(resource)) return directCall(resource, parameters);
  const { success, data, error } = Parameters.safeParse(parameters);
  if (!success) throw runtimeFailure(`The Parameters do not do: ${z.prettifyError(error)}`);
  return {
    functionArn: data.FunctionName,
    payload: data.Payload ?? {},
    waitsForToken: waitsForToken(resource),
    events: 'Task',
    details: { resourceType: 'lambda', resource: resource.replace(/^.*lambda:/, '') },
    scheduled: { region: 'local', parameters: JSON.stringify(parameters) },
    resultOf: (payload) => ({
      ExecutedVersion: '$LATEST',
      Payload: payload,
      SdkHttpMetadata: { HttpStatusCode: 200 },
      StatusCode: 200,
    }),
  };
}

const directCall = (functionArn: string, payload: unknown): Call => ({
  functionArn,
  payload,
  waitsForToken: false,
  events: 'LambdaFunction',
  details: {},
  scheduled: { resource: functionArn, input: JSON.stringify(payload) },
  resultOf: (answer) => answer,
});
