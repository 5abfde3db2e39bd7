import { CfnParameter, type Environment, Stack, Token, Validations } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import type { LoadedRoute } from '../functions/api/routes.ts';
import { modelAliasesPattern } from '../functions/domain/model/catalogue.ts';
import { acknowledge } from './acknowledged.ts';
import { Alarms } from './alarms.ts';
import { Api } from './api.ts';
import { apiFunctions } from './api-functions.ts';
import { Buckets } from './buckets.ts';
import { Canary } from './canary.ts';
import { bundledCode, placeholderCode } from './code.ts';
import { Dashboard } from './dashboard.ts';
import { Deletion } from './deletion.ts';
import { addHandlerLogs } from './log-groups.ts';
import { addOutput } from './output.ts';
import { numberParameter, requireKnown, textParameter } from './parameter.ts';
import { Providers } from './providers.ts';
import { SafeDeploys } from './safe-deploys.ts';
import { Secrets } from './secrets.ts';
import { type Stage, whyNotDeployable } from './stage.ts';
import { Tables } from './tables.ts';
import { Thumbnails } from './thumbnails.ts';
import { Triggers } from './triggers.ts';
import { Workflow } from './workflow.ts';

type DarkroomProps = {
  readonly stage: Stage;
  readonly routes: readonly LoadedRoute[];
  /** The directory of the functions' bundles. A template without them can only be read. */
  readonly bundles?: string | undefined;
  /** The account and the region. When one is missing, that of the credentials is used. */
  readonly env?: Environment;
};

/** All of Darkroom in one account and region. */
export class DarkroomStack extends Stack {
  constructor(
    scope: Construct,
    id: string,
    { stage: chosen, routes, bundles, env = {} }: DarkroomProps,
  ) {
    super(scope, id, {
      env,
      description: 'Darkroom, an image-to-image task API',
      terminationProtection: chosen.keepData,
    });
    preventDeployment(this, whyNotDeployable(chosen, bundles !== undefined));
    requireKnown(chosen.fixed ?? {});
    const stage = withParameters(this, chosen);
    const providers = new Providers(this, 'Upstream', stage);
    const tables = new Tables(this, 'Tables', stage);
    const secrets = new Secrets(this, 'Secrets', stage);
    const api = new Api(this, 'Api', stage);
    const { publicUrl, formerUrl } = api;
    // The console has the origin of the API.
    const pageOrigins = [publicUrl, ...(formerUrl === undefined ? [] : [formerUrl])];
    const buckets = new Buckets(this, 'Buckets', stage, [...stage.browserOrigins, ...pageOrigins]);
    const codeOf = bundles === undefined ? placeholderCode : bundledCode(bundles);
    const common = { stage, codeOf, tables, buckets, secrets, publicUrl, providers };
    const workflow = new Workflow(this, 'Workflow', common);
    const deletion = new Deletion(this, 'Deletion', common);
    const functions = apiFunctions(new Construct(this, 'Routes'), {
      ...common,
      formerUrl,
      workflow,
      deletion,
    });
    api.addRoutes(
      routes.map(({ route }) => route),
      stage.safeDeploys
        ? new SafeDeploys(this, 'SafeDeploys', functions, api.http).functions
        : functions,
    );
    const triggers = new Triggers(this, 'Triggers', { ...common, workflow, deletion });
    if (stage.thumbnails) new Thumbnails(this, 'Thumbnails', common);
    const canary = stage.canary ? new Canary(this, 'Canary', common) : undefined;
    const monitored = { api: api.http, workflow, triggers, deletion, tables, canary };
    const { alarms, mail } = new Alarms(this, 'Alarms', monitored, stage);
    new Dashboard(this, 'Dashboard', { ...monitored, alarms });

    const { functionName: issueKey } = triggers.functions['events/issue-key'];
    addOutput(this, 'Url', { value: publicUrl });
    addOutput(this, 'ProviderKeys', { value: secrets.providerKeys.secretName });
    addOutput(this, 'FirstKey', {
      description: 'Creates an account and its first API key; the key is shown once',
      value: `npm run keys -- create --function ${issueKey} --credits 100`,
    });
    addOutput(this, 'ConsoleLink', {
      description: 'Prints a link that signs the operator in to the console, once',
      value: `npm run keys -- console --function ${issueKey} --url ${publicUrl}`,
    });
    if (canary) {
      addOutput(this, 'CanaryKey', {
        description: 'Makes the test key of the canary and stores it; nobody sees it',
        value: `npm run keys -- canary --function ${issueKey} --secret ${canary.key.secretName}`,
      });
    }
    // What `darkroom doctor` compares the account with.
    addOutput(this, 'RateLimit', {
      description: 'How many requests a second the API lets in',
      value: Token.asString(api.requestsPerSecond),
    });
    addOutput(this, 'AlarmTopic', {
      description: 'The topic that alarms are sent to; without an alarm address there is none',
      value: mail.topicArn,
      ...(mail.hasAddress && { condition: mail.hasAddress }),
    });
    // What `npm run restore` works with.
    addOutput(this, 'TableNames', {
      description: 'The tables in use, by their names in the stack',
      value: this.toJsonString(tables.namesInUse),
    });
    addOutput(this, 'StateMachine', {
      description: 'The state machine of the tasks',
      value: workflow.machine.stateMachineArn,
    });
    addOutput(this, 'Reconciler', {
      description: 'The function that repairs tasks, every minute',
      value: triggers.functions['events/reconcile'].functionName,
    });
    addHandlerLogs(this, stage.logDays);
    acknowledge(this, { buckets, workflow });
  }
}

/**
 * Makes a template that must not be deployed ask for a parameter that takes no value: CloudFormation refuses it before
 * it creates anything. The local stack deploys nothing, and ignores the parameter.
 */
function preventDeployment(stack: Stack, why: string | undefined): void {
  if (why === undefined) return;
  new CfnParameter(stack, 'NotForDeployment', {
    description: why,
    allowedPattern: '[^\\s\\S]', // no text matches
    constraintDescription: why,
  });
  Validations.of(stack).acknowledge({
    id: 'CloudFormation-Validate::W2001',
    reason: 'Nothing refers to this parameter: it is there to be refused.',
  });
}

/** The stage, with what a deployment may set by a parameter of the stack. */
function withParameters(stack: Stack, declared: Stage): Stage {
  const retentionDays = numberParameter(stack, declared, 'RetentionDays', {
    description: 'Days from the end of a task until its record and its results are deleted',
    default: declared.retentionDays,
    minValue: 1, // as long as an Idempotency-Key is remembered: a repeated request finds its task
    maxValue: 3650,
  });
  const waiters = numberParameter(stack, declared, 'Waiters', {
    description: 'How many requests with Prefer: wait=N may wait at a time; 0: none',
    default: declared.waiters,
    minValue: 0,
    maxValue: 1000,
  });
  const modelAliases = textParameter(stack, declared, 'ModelAliases', {
    description: 'Further names of models, like my-model=wan2.5-image-to-image,other=…',
    default: declared.modelAliases,
    allowedPattern: modelAliasesPattern.source,
  });
  const stage = { ...declared, retentionDays, waiters, modelAliases };
  if (stage.typicalSeconds === undefined) return stage;
  const typicalSeconds = textParameter(stack, declared, 'TypicalSeconds', {
    description: 'Seconds that a provider typically takes. Empty: use the measured durations',
    default: stage.typicalSeconds,
    allowedPattern: '^[0-9]*$',
  });
  return { ...stage, typicalSeconds };
}
