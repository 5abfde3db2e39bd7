import { App, Validations } from 'aws-cdk-lib/core';
import * as z from 'zod';
import { loadRoutes } from '../functions/api/routes.ts';
import { buildBundles } from './bundles.ts';

const app = new App();
const context = (key: string) => z.string().optional().parse(app.node.tryGetContext(key));
const routes = await loadRoutes();
// While the bundles are built, the rest of CDK is loaded.
const [bundles, { AwsSolutionsChecks }, { DarkroomStack }, deployment] = await Promise.all([
  needsBundles() ? buildBundles(routes) : undefined,
  import('cdk-nag'),
  import('./stack.ts'),
  chosenDeployment(),
]);

Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
const { stackName, stage, env } = deployment;
new DarkroomStack(app, stackName, { stage, routes, bundles, env });
app.synth();

/** Prints no stack trace when a stage or a setting is wrong. */
async function chosenDeployment() {
  const { deploymentOf } = await import('./deployment.ts');
  try {
    return deploymentOf({
      stage: context('stage'),
      config: context('config'),
      thumbnails: context('thumbnails'),
    });
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
    process.exit(1);
  }
}

/** The CDK CLI says for which stacks a command needs the code. For `cdk list` that is an empty list. */
function needsBundles(): boolean {
  const stacks: unknown = app.node.tryGetContext('aws:cdk:bundling-stacks');
  return !Array.isArray(stacks) || stacks.length > 0;
}
