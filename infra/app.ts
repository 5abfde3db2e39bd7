import { App, Validations } from 'aws-cdk-lib/core';
import { loadRoutes } from '../functions/api/routes.ts';
import { buildBundles } from './bundles.ts';

const app = new App();
const name = String(app.node.tryGetContext('stage') ?? 'dev');
const routes = await loadRoutes();
// While the bundles are built, the rest of CDK is loaded.
const [bundles, { AwsSolutionsChecks }, { DarkroomStack }, { stageNamed }] = await Promise.all([
  needsBundles() ? buildBundles(routes) : undefined,
  import('cdk-nag'),
  import('./stack.ts'),
  import('./stage.ts'),
]);

Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
new DarkroomStack(app, `Darkroom-${name}`, stageNamed(name), routes, bundles);
app.synth();

/** The CDK CLI says of which stacks a command needs the code. `cdk list` needs none: the list is empty. */
function needsBundles(): boolean {
  const stacks: unknown = app.node.tryGetContext('aws:cdk:bundling-stacks');
  return !Array.isArray(stacks) || stacks.length > 0;
}
