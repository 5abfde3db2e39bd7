import { InvokeCommand, type LambdaClient } from '@aws-sdk/client-lambda';

/** Starts a function with a task, without waiting for its result. */
export const taskFunctionStarter =
  (client: LambdaClient, functionName: string) =>
  async (taskId: string): Promise<void> => {
    await client.send(
      new InvokeCommand({
        FunctionName: functionName,
        InvocationType: 'Event',
        Payload: JSON.stringify({ taskId }),
      }),
    );
  };

/** Runs a function with a task, and waits until it is done. @throws {Error} when it failed */
export const taskFunctionRunner =
  (client: LambdaClient, functionName: string) =>
  async (taskId: string): Promise<void> => {
    const { FunctionError } = await client.send(
      new InvokeCommand({ FunctionName: functionName, Payload: JSON.stringify({ taskId }) }),
    );
    // The function has logged its error itself.
    if (FunctionError)
      throw new Error(`${functionName} has failed for ${taskId}: ${FunctionError}`);
  };
