import { App, Validations } from 'aws-cdk-lib/core';
import { AwsSolutionsChecks } from 'cdk-nag';
import { loadRoutes } from '../functions/api/routes.ts';
import { DarkroomStack } from './stack.ts';
import { stageNamed } from './stage.ts';

const app = new App();
const name = String(app.node.tryGetContext('stage') ?? 'dev');

Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
new DarkroomStack(app, `Darkroom-${name}`, stageNamed(name), await loadRoutes());
app.synth();
