import { CfnParameter } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import type { Stage } from './stage.ts';

/** Who paints, and where they are: a deployment's own choice, with the stage's as the default. */
export class Providers extends Construct {
  /** What a function needs to reach them. */
  readonly urls: Readonly<Record<'DASHSCOPE_URL' | 'EVOLINK_URL' | 'FAL_URL', string>>;
  /** What a function needs to believe their signatures. */
  readonly signatures: Readonly<Record<'FAL_KEYS_URL', string>>;
  /** Who is asked, and in which order. */
  readonly order: Readonly<Record<'PROVIDERS', string>>;

  constructor(scope: Construct, id: string, { providers, providerUrls }: Stage) {
    super(scope, id);
    const parameter = (name: string, description: string, value: string, allowedPattern: string) =>
      // Named for whoever deploys: without the construct's own name in front.
      new CfnParameter(scope, name, { description, default: value, allowedPattern }).valueAsString;
    const { pattern, dashscope, evolink, fal, falKeys } = providerUrls;
    this.urls = {
      DASHSCOPE_URL: parameter(
        'DashScopeUrl',
        'Where DashScope is: Singapore, Beijing or the host of a workspace',
        ...[dashscope, pattern],
      ),
      EVOLINK_URL: parameter('EvoLinkUrl', 'Where EvoLink is', evolink, pattern),
      FAL_URL: parameter('FalUrl', 'Where the queue of fal is', fal, pattern),
    };
    this.signatures = {
      FAL_KEYS_URL: parameter(
        'FalKeysUrl',
        'Where fal publishes its keys',
        falKeys,
        `${pattern.slice(0, -1)}/[a-z0-9./_-]+$`,
      ),
    };
    this.order = {
      PROVIDERS: parameter(
        'Providers',
        'Who is asked to paint, the first first. One without an API key is left out',
        ...[providers, '^(dashscope|evolink|fal)(,(dashscope|evolink|fal))*$'],
      ),
    };
  }
}
