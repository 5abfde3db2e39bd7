import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { SendTaskSuccessCommand, SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';
import { onTestFinished } from 'vitest';
import { startLaptop } from '../../../local/laptop.ts';
import type { Observed } from '../../../local/step-functions/history.ts';
import { schedulesOf } from '../../../local/template/read-schedules.ts';
import { temporaryDirectory } from '../bundle.ts';
import { startReceiver } from './receiver.ts';
import { writeStack } from './stack.ts';

export const machineArn = 'arn:aws:states:us-east-1:000000000000:stateMachine:flow';

/** A laptop that runs the stack beside this file; time runs a hundred times faster. */
export async function world() {
  const receiver = await startReceiver();
  const transitions: Observed[] = [];
  const laptop = await startLaptop({
    ...{ outdir: writeStack(receiver.url), dataDir: temporaryDirectory(), speed: 100 },
    onTransition: (event) => transitions.push(event),
  });
  onTestFinished(() => laptop.close());
  const { environment } = laptop;
  const options = {
    region: 'us-east-1',
    credentials: {
      accessKeyId: environment['AWS_ACCESS_KEY_ID'] ?? '',
      secretAccessKey: environment['AWS_SECRET_ACCESS_KEY'] ?? '',
    },
  };
  const sfn = new SFNClient({ ...options, endpoint: environment['AWS_ENDPOINT_URL_SFN'] ?? '' });
  const s3 = new S3Client({ ...options, endpoint: environment['AWS_ENDPOINT_URL_S3'] ?? '' });
  const heardOn = (path: string) =>
    receiver.heard.filter((one) => one.path === path).map(({ body }) => JSON.parse(body));
  return {
    ...laptop,
    ...{ sfn, receiver },
    put: (Key: string) => s3.send(new PutObjectCommand({ Bucket: 'inputs', Key, Body: 'x' })),
    sweep: () => laptop.schedules.fire(schedulesOf(laptop.context)[0]?.id ?? ''),
    start: (name: string, input: object = {}) =>
      sfn.send(
        new StartExecutionCommand({
          stateMachineArn: machineArn,
          name,
          input: JSON.stringify(input),
        }),
      ),
    wake: (taskToken: string) => sfn.send(new SendTaskSuccessCommand({ taskToken, output: '{}' })),
    /** What the function at this path has been called with, as soon as there are so many. */
    async heard(path: string, count = 1) {
      await receiver.until(() => heardOn(path).length >= count);
      return heardOn(path);
    },
    heardOn,
    /** How often something has happened to an execution. */
    count: (execution: string, type: string) =>
      transitions.filter((one) => one.execution === execution && one.type === type).length,
  };
}
