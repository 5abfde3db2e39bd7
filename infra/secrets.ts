import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { RemovalPolicy } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import type { Stage } from './stage.ts';

/** What nobody may read but the functions that need it. */
export class Secrets extends Construct {
  /** The providers' API keys, `{"dashscope": "sk-…"}`: put there by the operator. */
  readonly providerKeys: Secret;
  /** Signs result links and the addresses that providers call: generated, seen by nobody. */
  readonly signing: Secret;

  constructor(scope: Construct, id: string, { firstKeys, keepData }: Stage) {
    super(scope, id);
    const removalPolicy = keepData ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY;
    this.providerKeys = new Secret(this, 'ProviderKeys', {
      description: 'API keys of the providers, as {"dashscope": "sk-..."}',
      generateSecretString: {
        secretStringTemplate: JSON.stringify(firstKeys.given),
        generateStringKey: firstKeys.generated,
      },
      removalPolicy,
    });
    this.signing = new Secret(this, 'Signing', {
      description: 'Signs the links to results and the addresses that providers call',
      generateSecretString: { passwordLength: 64, excludePunctuation: true },
      removalPolicy,
    });
  }
}
