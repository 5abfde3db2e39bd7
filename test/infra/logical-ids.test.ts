import { expect, test } from 'vitest';
import { machineOf } from './state-machine.ts';
import { ofType, type Synthesised, stageNames, synthesised } from './synthesised.ts';

// CloudFormation knows a resource by its logical id, which CDK makes from the ids of the constructs. When
// the id of one of these changes, the next deployment creates a new, empty resource and deletes the old
// one, or abandons it where data is retained. Rename a construct only if it is worth that loss.
const groups: readonly (readonly [reason: string, idsIn: (stage: Synthesised) => string[]])[] = [
  [
    'Tables. A new id: all tasks, accounts, credits and API keys are gone.',
    (stage) => idsOf(stage, 'AWS::DynamoDB::GlobalTable'),
  ],
  [
    'Buckets. A new id: all uploads and results are gone.',
    (stage) => idsOf(stage, 'AWS::S3::Bucket'),
  ],
  [
    'Secrets. A new id: the keys of the providers are gone, and every signed link stops working.',
    (stage) => idsOf(stage, 'AWS::SecretsManager::Secret'),
  ],
  [
    'The state machine. A new id: executions that are running are stopped, and their tasks wait for the reconciler.',
    (stage) => idsOf(stage, 'AWS::StepFunctions::StateMachine'),
  ],
  [
    'The functions of its states. A new id: running executions still call the old function, which is deleted.',
    functionsOfStates,
  ],
  [
    'The API. A new id: it has another URL, so callers, result links and webhooks of running jobs do not reach it.',
    (stage) => idsOf(stage, 'AWS::ApiGatewayV2::Api'),
  ],
  [
    'The topic of the alarms. A new id: no alarm is mailed until the address is confirmed again.',
    (stage) => [...idsOf(stage, 'AWS::SNS::Topic'), ...idsOf(stage, 'AWS::SNS::Subscription')],
  ],
  [
    'The log groups. A new id: the logs up to now are deleted.',
    // Without those of the functions that CDK adds for a deployment, which not every stage has.
    (stage) =>
      idsOf(stage, 'AWS::Logs::LogGroup').filter(
        (id) => !/^(BucketNotifications|CustomS3AutoDelete)/.test(id),
      ),
  ],
];

const idsOf = (stage: Synthesised, type: string) => ofType(stage, type).map(({ id }) => id);

function functionsOfStates(stage: Synthesised): string[] {
  const { States } = machineOf(stage);
  return ofType(stage, 'AWS::Lambda::Function')
    .filter(({ name }) => name in States)
    .map(({ id }) => id);
}

const printed = (stage: Synthesised) =>
  groups
    .map(([reason, idsIn]) => [`# ${reason}`, ...idsIn(stage).sort(), ''].join('\n'))
    .join('\n');

test('resources that hold data, and functions of states, keep their logical ids: CloudFormation would replace them', async () => {
  await expect(printed(synthesised('prod'))).toMatchFileSnapshot('../golden/logical-ids.txt');
});

test.each(groups)('the list has the ids behind this warning: %s', (_reason, idsIn) => {
  expect(idsIn(synthesised('prod'))).not.toEqual([]);
});

test.each(stageNames)('%s has the same logical ids', (name) => {
  expect(printed(synthesised(name))).toBe(printed(synthesised('prod')));
});

test('every state that runs a function is in the list', () => {
  const stage = synthesised('prod');
  const states = Object.values(machineOf(stage).States).filter(({ Type }) => Type === 'Task');

  expect(functionsOfStates(stage)).toHaveLength(states.length);
});
