import { InvokeCommand, type LambdaClient } from '@aws-sdk/client-lambda';

/** Has the function that tells callers do it, without waiting for what comes of it. */
export const notifier = (client: LambdaClient, functionName: string) => async (taskId: string) => {
  await client.send(
    new InvokeCommand({
      FunctionName: functionName,
      InvocationType: 'Event',
      Payload: JSON.stringify({ taskId }),
    }),
  );
};
