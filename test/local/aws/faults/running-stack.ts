import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { SendTaskSuccessCommand, SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';
import { onTestFinished } from 'vitest';
import type { ExecutionEvent } from '../../../../local/aws/step-functions/history.ts';
import { schedulesOf } from '../../../../local/aws/template/read-schedules.ts';
import { startFaultyStack } from '../../../support/faults/start-stack.ts';
import { temporaryDirectory } from '../bundle.ts';
import { startReceiver } from './receiver.ts';
import { writeStack } from './stack.ts';

export const machineArn = 'arn:aws:states:us-east-1:000000000000:stateMachine:flow';

/** A local stack with the template of `stack.ts`; time runs a hundred times faster. */
export async function runningStack() {
  const receiver = await startReceiver();
  const transitions: ExecutionEvent[] = [];
  const stack = await startFaultyStack({
    outdir: writeStack(receiver.url),
    dataDir: temporaryDirectory(),
    speed: 100,
    onTransition: (event) => transitions.push(event),
  });
  onTestFinished(() => stack.close());
  const { environment } = stack;
  const options = {
    region: 'us-east-1',
    credentials: {
      accessKeyId: environment['AWS_ACCESS_KEY_ID'] ?? '',
      secretAccessKey: environment['AWS_SECRET_ACCESS_KEY'] ?? '',
    },
  };
  const sfn = new SFNClient({ ...options, endpoint: environment['AWS_ENDPOINT_URL_SFN'] ?? '' });
  const s3 = new S3Client({ ...options, endpoint: environment['AWS_ENDPOINT_URL_S3'] ?? '' });
  const requestsSoFar = (path: string) =>
    receiver.requests.filter((one) => one.path === path).map(({ body }) => JSON.parse(body));
  return {
    ...stack,
    sfn,
    receiver,
    put: (Key: string) => s3.send(new PutObjectCommand({ Bucket: 'inputs', Key, Body: 'x' })),
    runSchedule: () => stack.schedules.fire(schedulesOf(stack.context)[0]?.id ?? ''),
    start: (name: string, input: object = {}) =>
      sfn.send(
        new StartExecutionCommand({
          stateMachineArn: machineArn,
          name,
          input: JSON.stringify(input),
        }),
      ),
    wake: (taskToken: string) => sfn.send(new SendTaskSuccessCommand({ taskToken, output: '{}' })),
    /** The events of the function at this path, as soon as there are `count`. */
    async requestsTo(path: string, count = 1) {
      await receiver.until(() => requestsSoFar(path).length >= count);
      return requestsSoFar(path);
    },
    requestsSoFar,
    /** How many events of this type an execution has. */
    count: (execution: string, type: string) =>
      transitions.filter((one) => one.execution === execution && one.type === type).length,
  };
}
