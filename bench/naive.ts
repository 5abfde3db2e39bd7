import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';
import { startPainter } from '../local/painter/server.ts';
import { startStepFunctions } from '../local/step-functions/step-functions.ts';
import { type Design, histories } from './design.ts';
import { naiveFunctions } from './naive-functions.ts';
import { machineArn, naiveMachine } from './naive-machine.ts';
import { paintOnce } from './paint-once.ts';

/** The design that is copied everywhere, on the same engine and with the same provider. */
export async function openNaive(waitSeconds: number, speed: number): Promise<Design> {
  const { hear, historyOf } = histories();
  const directory = mkdtempSync(join(tmpdir(), 'darkroom-naive-'));
  const painter = await startPainter({ speed, paint: paintOnce() });
  const arn = machineArn(waitSeconds);
  const engine = await startStepFunctions({
    machines: [{ arn, definition: naiveMachine(waitSeconds) }],
    invoke: naiveFunctions(painter.url, directory),
    ...{ speed, onEvent: hear },
  });
  const client = new SFNClient({
    ...{ region: 'us-east-1', endpoint: engine.url },
    credentials: { accessKeyId: 'any', secretAccessKey: 'any' },
  });
  return {
    ...{ painter, historyOf },
    async start(order) {
      const { name } = order;
      const start = { stateMachineArn: arn, name, input: JSON.stringify(order) };
      await client.send(new StartExecutionCommand(start));
      return name;
    },
    async close() {
      client.destroy();
      await engine.close();
      await painter.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
