import { Secret as ManagedSecret } from 'aws-cdk-lib/aws-secretsmanager';
import { RemovalPolicy } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import type { Binding } from './bindings.ts';
import type { Stage } from './stage.ts';

/** A secret that functions get by ARN and permission at once. Its value is never in an environment. */
export class Secret extends ManagedSecret {
  allow(action: 'secretsmanager:GetSecretValue'): Binding<'secret'> {
    return {
      kind: 'secret',
      value: this.secretArn,
      grants: [{ actions: [action], resources: [this.secretArn] }],
    };
  }
}

/** The secrets. Only the functions that need one may read it. */
export class Secrets extends Construct {
  /** The providers' API keys, `{"dashscope": "sk-…"}`: the operator stores them here. */
  readonly providerKeys: Secret;
  /** Signs result links and the webhook URLs that providers call. AWS generates it, and no person sees it. */
  readonly signing: Secret;

  constructor(scope: Construct, id: string, { firstKeys, keepData }: Stage) {
    super(scope, id);
    const removalPolicy = keepData
      ? RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE
      : RemovalPolicy.DESTROY;
    this.providerKeys = new Secret(this, 'ProviderKeys', {
      description: 'API keys of the providers, as {"dashscope": "sk-..."}',
      generateSecretString: {
        secretStringTemplate: JSON.stringify(firstKeys.given),
        generateStringKey: firstKeys.generated,
      },
      removalPolicy,
    });
    this.signing = new Secret(this, 'Signing', {
      description: 'Signs the links to results and the webhook URLs that providers call',
      generateSecretString: { passwordLength: 64, excludePunctuation: true },
      removalPolicy,
    });
  }
}
