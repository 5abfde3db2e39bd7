import { CfnOutput, CfnParameter, Stack } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import { acknowledge } from './acknowledged.ts';
import { AdminFunctions } from './admin-functions.ts';
import { Alarms } from './alarms.ts';
import { Api } from './api.ts';
import { ApiFunctions } from './api-functions.ts';
import { Buckets } from './buckets.ts';
import { Dashboard } from './dashboard.ts';
import { Providers } from './providers.ts';
import { Secrets } from './secrets.ts';
import type { Stage } from './stage.ts';
import { Tables } from './tables.ts';
import { Triggers } from './triggers.ts';
import { Workflow } from './workflow.ts';
import { WorkflowFunctions } from './workflow-functions.ts';

/** All of Darkroom in one account and region. */
export class DarkroomStack extends Stack {
  constructor(scope: Construct, id: string, chosen: Stage) {
    super(scope, id, { description: 'Darkroom, an image-to-image task API' });
    const stage = settable(this, chosen);
    const providers = new Providers(this, 'Upstream', stage);
    const tables = new Tables(this, 'Tables', stage);
    const buckets = new Buckets(this, 'Buckets', stage);
    const secrets = new Secrets(this, 'Secrets', stage);
    const api = new Api(this, 'Api', stage);
    const publicUrl = api.http.apiEndpoint;
    const common = { stage, tables, buckets, secrets, publicUrl, providers };
    const functions = new WorkflowFunctions(this, 'Work', common);
    const { machine } = new Workflow(this, 'Workflow', { functions, logDays: stage.logDays });
    const { notifyCaller } = functions;
    const routes = new ApiFunctions(this, 'Routes', { ...common, machine, notifyCaller });
    const admin = new AdminFunctions(this, 'Admin', { stage, tables });
    api.addRoutes(routes, admin.routes);
    const triggers = new Triggers(this, 'Triggers', { ...common, machine, notifyCaller });
    const watched = { api: api.http, machine, work: functions, triggers };
    const { all: alarms } = new Alarms(this, 'Alarms', watched);
    new Dashboard(this, 'Dashboard', { ...watched, alarms });

    new CfnOutput(this, 'Url', { value: publicUrl });
    new CfnOutput(this, 'ProviderKeys', { value: secrets.providerKeys.secretName });
    new CfnOutput(this, 'FirstKey', {
      description: 'Makes an account and its first key; the key is shown once',
      value: `npm run keys -- create --function ${triggers.issueKey.functionName} --credits 100`,
    });
    acknowledge(this, { buckets, work: functions, machine });
  }
}

// On the laptop, how long its painter usually takes may be left for Darkroom to find out.
function settable(stack: Stack, stage: Stage): Stage {
  if (!stage.laptop) return stage;
  const { valueAsString } = new CfnParameter(stack, 'UsualSeconds', {
    default: stage.laptop.USUAL_SECONDS,
    allowedPattern: '^[0-9]*$',
  });
  return { ...stage, laptop: { ...stage.laptop, USUAL_SECONDS: valueAsString } };
}
