import type { Environment } from 'aws-cdk-lib/core';
import { readSettings, type Settings, settingsFile, withSettings } from './settings.ts';
import { type Stage, stageNamed } from './stage.ts';

/** What is deployed, and where to. */
export type Deployment = {
  readonly stackName: string;
  readonly stage: Stage;
  /** Without an account or a region: those of the credentials that are used. */
  readonly env: Environment;
};

/**
 * What the CDK context chooses: a stage (`-c stage=prod`), which takes precedence over that of the settings file, and another
 * settings file (`-c config=FILE`; an empty name is none). The local stack has no settings.
 * @throws {Error} that names what is wrong with the stage or the settings
 */
export function deploymentOf({
  stage,
  config,
}: {
  readonly stage?: string | undefined;
  readonly config?: string | undefined;
}): Deployment {
  if (stage === 'local' || config === '') return withoutSettings(stage ?? 'dev');
  const settings = readSettings(config ?? settingsFile, config !== undefined);
  const stageName = stage ?? settings.stage ?? 'dev';
  return {
    stackName: `${settings.name}-${stageName}`,
    stage: withSettings(stageNamed(stageName), settings),
    env: placeOf(settings),
  };
}

const placeOf = ({ account, region }: Settings): Environment => ({
  ...(account !== undefined && { account }),
  ...(region !== undefined && { region }),
});

const withoutSettings = (stage: string): Deployment => ({
  stackName: `Darkroom-${stage}`,
  stage: stageNamed(stage),
  env: {},
});
