import * as z from 'zod';
import { runtimeFailure } from './task-failure.ts';

const direct = /^arn:aws[\w-]*:lambda:/;
const integrated = /^arn:aws[\w-]*:states:::lambda:invoke(\.waitForTaskToken)?$/;

export const lambdaResource = z
  .string()
  .refine((resource) => direct.test(resource) || integrated.test(resource), {
    error: ({ input }) => `the resource ${input} is not a Lambda function`,
  });

const InvokeParameters = z.strictObject({
  FunctionName: z.unknown().optional(),
  'FunctionName.$': z.unknown().optional(),
  Payload: z.unknown().optional(),
  'Payload.$': z.unknown().optional(),
});

/** @throws {Error} when the Parameters, as they are in the definition, are not supported for a resource */
export function checkParameters(resource: string, parameters: unknown): void {
  if (direct.test(resource)) return;
  const { success, error } = InvokeParameters.safeParse(parameters);
  if (!success) throw new Error(`the Parameters are not valid: ${z.prettifyError(error)}`);
}

const Parameters = z.object({ FunctionName: z.string(), Payload: z.unknown().optional() });

/** How a Task calls its function, the names of its events, and its output. */
export type LambdaCall = {
  readonly functionArn: string;
  readonly payload: unknown;
  readonly waitsForToken: boolean;
  readonly events: 'LambdaFunction' | 'Task';
  /** Details of every event of this call. */
  readonly details: Readonly<Record<string, string>>;
  /** Further details of the event that schedules the call. */
  readonly scheduled: Readonly<Record<string, string>>;
  resultOf(payload: unknown): unknown;
};

export const waitsForToken = (resource: string): boolean => resource.endsWith('.waitForTaskToken');

export function lambdaCall(resource: string, parameters: unknown): LambdaCall {
  if (direct.test(resource)) return directCall(resource, parameters);
  const { success, data, error } = Parameters.safeParse(parameters);
  if (!success) throw runtimeFailure(`The Parameters are not valid: ${z.prettifyError(error)}`);
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

const directCall = (functionArn: string, payload: unknown): LambdaCall => ({
  functionArn,
  payload,
  waitsForToken: false,
  events: 'LambdaFunction',
  details: {},
  scheduled: { resource: functionArn, input: JSON.stringify(payload) },
  resultOf: (result) => result,
});
