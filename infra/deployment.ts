import type { Environment } from 'aws-cdk-lib/core';
import { readSettings, type Settings, settingsFile, withSettings } from './settings.ts';
import { type Stage, stageNamed } from './stage.ts';

/** What is deployed, and where to. */
export type Deployment = {
  readonly stackName: string;
  readonly stage: Stage;
  /** When the account or the region is missing, that of the credentials is used. */
  readonly env: Environment;
};

/**
 * What the CDK context chooses: a stage (`-c stage=prod`), which takes precedence over that of the settings file, and another
 * settings file (`-c config=FILE`; an empty name stands for no file), and whether there are thumbnails (`-c
 * thumbnails=off`). The local stack has settings only when a file is named.
 * @throws {Error} that names what is wrong with the stage or the settings
 */
export function deploymentOf({ thumbnails, ...choice }: Choice): Deployment {
  const deployment = deploymentAt(choice);
  if (thumbnails === undefined) return deployment;
  if (!/^(on|off)$/.test(thumbnails))
    throw new Error(`thumbnails is on or off, and not "${thumbnails}".`);
  return { ...deployment, stage: { ...deployment.stage, thumbnails: thumbnails === 'on' } };
}

type Choice = {
  readonly stage?: string | undefined;
  readonly config?: string | undefined;
  readonly thumbnails?: string | undefined;
  /** The settings file, when the context names none. */
  readonly file?: string;
};

function deploymentAt({ stage, config, file = settingsFile }: Choice): Deployment {
  const isLocal = stage === 'local';
  if (config === '' || (isLocal && config === undefined)) return withoutSettings(stage ?? 'dev');
  const settings = readSettings(config ?? file, config !== undefined);
  const stageName = stage ?? settings?.stage ?? 'dev';
  const chosen = stageNamed(stageName);
  if (!settings) {
    // An earlier deployment may have had settings. Deploying without them could shorten the retention, and so delete
    // results.
    if (chosen.keepData) throw new Error(fileMissing(stageName));
    return withoutSettings(stageName);
  }
  return {
    stackName: `${settings.name}-${stageName}`,
    stage: withSettings(chosen, settings),
    env: placeOf(settings),
  };
}

const fileMissing = (stage: string): string =>
  `There is no ${settingsFile}. ${stage} is not deployed without one, so that it does not lose its settings by mistake: ` +
  `copy the file from the machine that deployed last, or begin with {"stage": "${stage}"}. "-c config=" deploys without.`;

const placeOf = ({ account, region }: Settings): Environment => ({
  ...(account !== undefined && { account }),
  ...(region !== undefined && { region }),
});

const withoutSettings = (stage: string): Deployment => ({
  stackName: `Darkroom-${stage}`,
  stage: stageNamed(stage),
  env: {},
});
