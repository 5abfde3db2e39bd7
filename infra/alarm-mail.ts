import type { IAlarmAction } from 'aws-cdk-lib/aws-cloudwatch';
import { Effect, PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Subscription, SubscriptionProtocol, Topic } from 'aws-cdk-lib/aws-sns';
import { Aws, CfnCondition, CfnParameter, CfnResource, Fn, Stack } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';

/** Sends alarms to the address in the parameter `AlarmEmail`; without one there is nothing to pay for. */
export class AlarmMail extends Construct implements IAlarmAction {
  private readonly wanted: CfnCondition;
  private readonly topic: Topic;

  constructor(scope: Construct, id: string) {
    super(scope, id);
    const address = new CfnParameter(Stack.of(this), 'AlarmEmail', {
      description: 'Where alarms are sent to; without it they are only shown',
      default: '',
      allowedPattern: '^([^@\\s]+@[^@\\s]+)?$',
    }).valueAsString;
    this.wanted = new CfnCondition(this, 'Wanted', {
      expression: Fn.conditionNot(Fn.conditionEquals(address, '')),
    });
    this.topic = new Topic(this, 'Topic', { displayName: 'Darkroom', enforceSSL: true });
    this.topic.addToResourcePolicy(onlyAlarmsOfThisAccount(this.topic.topicArn));
    new Subscription(this, 'Subscription', {
      topic: this.topic,
      protocol: SubscriptionProtocol.EMAIL,
      endpoint: address,
    });
    for (const part of this.node.findAll()) {
      if (CfnResource.isCfnResource(part)) part.cfnOptions.condition = this.wanted;
    }
  }

  /** What an alarm has to be told. */
  bind() {
    const { topic, wanted } = this;
    const action = Fn.conditionIf(wanted.logicalId, topic.topicArn, Aws.NO_VALUE);
    return { alarmActionArn: action.toString() };
  }
}

// A topic with a policy of its own has none of the rights that come without one.
const onlyAlarmsOfThisAccount = (topicArn: string) =>
  new PolicyStatement({
    effect: Effect.ALLOW,
    principals: [new ServicePrincipal('cloudwatch.amazonaws.com')],
    actions: ['sns:Publish'],
    resources: [topicArn],
    conditions: { StringEquals: { 'aws:SourceAccount': Aws.ACCOUNT_ID } },
  });
