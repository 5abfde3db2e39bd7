import { InvokeCommand, type LambdaClient } from '@aws-sdk/client-lambda';

/** Starts the function that delivers a task's callback, without waiting for its result. */
export const notifier = (client: LambdaClient, functionName: string) => async (taskId: string) => {
  await client.send(
    new InvokeCommand({
      FunctionName: functionName,
      InvocationType: 'Event',
      Payload: JSON.stringify({ taskId }),
    }),
  );
};
