/** The name of one of its functions as an ARN. */
export const functionArn = (name: string): string =>
  `arn:aws:lambda:us-east-1:000000000000:function:${name}`;

export const machineArn = (waitSeconds: number): string =>
  `arn:aws:states:us-east-1:000000000000:stateMachine:every-${waitSeconds}-seconds`;

/**
 * The job poller as it is copied everywhere: wait, ask, look at the answer, and from the start again.
 * It neither prepares inputs nor settles money, so it has two states less than it would need.
 */
export const naiveMachine = (waitSeconds: number) => ({
  StartAt: 'SubmitTask',
  TimeoutSeconds: 1800,
  States: {
    SubmitTask: { ...task('SubmitTask'), ResultPath: '$.ticket', Next: 'Wait' },
    Wait: { Type: 'Wait', Seconds: waitSeconds, Next: 'PollTask' },
    PollTask: { ...task('PollTask'), ResultPath: '$.progress', Next: 'IsItDone' },
    IsItDone: {
      Type: 'Choice',
      Choices: [{ Variable: '$.progress.state', StringEquals: 'SUCCEEDED', Next: 'SaveResult' }],
      Default: 'Wait',
    },
    SaveResult: { ...task('SaveResult'), ResultPath: null, Next: 'NotifyCaller' },
    NotifyCaller: { ...task('NotifyCaller'), End: true },
  },
});

const task = (name: string) => ({ Type: 'Task', Resource: functionArn(name) });
