import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryDirectory } from '../bundle.ts';

const lambda = (name: string, file: string, receiver: string) => ({
  Type: 'AWS::Lambda::Function',
  Properties: {
    FunctionName: name,
    Description: file,
    Role: arn('Role'),
    Runtime: 'nodejs24.x',
    Handler: `${name}.handler`,
    Timeout: 20,
    Code: { S3Key: 'code.zip' },
    Environment: { Variables: { RECEIVER: receiver } },
  },
});
const arn = (id: string) => ({ 'Fn::GetAtt': [id, 'Arn'] });
const invoking = {
  Effect: 'Allow',
  Action: 'lambda:InvokeFunction',
  Resource: [arn('Work'), arn('Wait')],
};

const definition = {
  StartAt: 'Work',
  States: {
    Work: {
      Type: 'Task',
      Resource: 'WORK',
      Retry: [{ ErrorEquals: ['Runtime.ExitError'], IntervalSeconds: 1, MaxAttempts: 1 }],
      Next: 'Wait',
    },
    Wait: {
      Type: 'Task',
      Resource: 'arn:aws:states:::lambda:invoke.waitForTaskToken',
      Parameters: { FunctionName: 'WAIT', Payload: { 'token.$': '$$.Task.Token' } },
      TimeoutSeconds: 3600,
      End: true,
    },
  },
};

// As CDK writes it: a text with references in between.
const definitionString = {
  'Fn::Join': [
    '"',
    JSON.stringify(definition)
      .split(/"(WORK|WAIT)"/)
      .map((part) => (part === 'WORK' ? arn('Work') : part === 'WAIT' ? arn('Wait') : part)),
  ],
};

const resources = (receiver: string) => ({
  Api: { Type: 'AWS::ApiGatewayV2::Api', Properties: { ProtocolType: 'HTTP' } },
  Stage: { Type: 'AWS::ApiGatewayV2::Stage', Properties: { StageName: '$default' } },
  Work: lambda('work', 'workflow/work', receiver),
  Wait: lambda('wait', 'workflow/wait', receiver),
  OnEvent: lambda('on-event', 'events/on-event', receiver),
  Flow: {
    Type: 'AWS::StepFunctions::StateMachine',
    Properties: {
      StateMachineName: 'flow',
      RoleArn: arn('Role'),
      DefinitionString: definitionString,
    },
  },
  Role: {
    Type: 'AWS::IAM::Role',
    Properties: { Policies: [{ PolicyDocument: { Statement: [invoking] } }] },
  },
  Inputs: { Type: 'AWS::S3::Bucket', Properties: { BucketName: 'inputs' } },
  InputsNotification: {
    Type: 'Custom::S3BucketNotifications',
    Properties: {
      BucketName: { Ref: 'Inputs' },
      NotificationConfiguration: {
        LambdaFunctionConfigurations: [
          { Events: ['s3:ObjectCreated:*'], LambdaFunctionArn: arn('OnEvent') },
        ],
      },
    },
  },
  Daily: {
    Type: 'AWS::Events::Rule',
    Properties: { ScheduleExpression: 'rate(1 day)', Targets: [{ Arn: arn('OnEvent') }] },
  },
  Ended: {
    Type: 'AWS::Events::Rule',
    Properties: {
      EventPattern: {
        source: ['aws.states'],
        'detail-type': ['Step Functions Execution Status Change'],
        detail: { stateMachineArn: [{ Ref: 'Flow' }], status: ['FAILED', 'TIMED_OUT', 'ABORTED'] },
      },
      Targets: [{ Arn: arn('OnEvent') }],
    },
  },
});

// Each function sends its event to the receiver; `work` fails on demand.
const code = (path: string, rest = '') => `
  exports.handler = async (event) => {
    await fetch(process.env.RECEIVER + '${path}', { method: 'POST', body: JSON.stringify(event) });
    ${rest}
  };`;

const work = `
    if (event.callTwice) await fetch(process.env.RECEIVER + '/second');
    if (event.fail) throw new Error('no');
    return event;`;

/** A synthesised stack with a workflow of two states, and a function that gets all other events. */
export function writeStack(receiver: string): string {
  const outdir = temporaryDirectory();
  const write = (file: string, content: object | string) =>
    writeFileSync(
      join(outdir, file),
      typeof content === 'string' ? content : JSON.stringify(content),
    );
  mkdirSync(join(outdir, 'code'));
  write('code/work.js', code('/work', work));
  write('code/wait.js', code('/wait'));
  write('code/on-event.js', code('/event'));
  write('stack.json', { Resources: resources(receiver) });
  const source = { path: 'code' };
  const destinations = { here: { objectKey: 'code.zip' } };
  write('assets.json', { files: { code: { source, destinations } } });
  write('manifest.json', {
    artifacts: {
      Dark: {
        type: 'aws:cloudformation:stack',
        dependencies: ['Dark.assets'],
        properties: { templateFile: 'stack.json' },
      },
      'Dark.assets': { type: 'cdk:asset-manifest', properties: { file: 'assets.json' } },
    },
  });
  return outdir;
}
