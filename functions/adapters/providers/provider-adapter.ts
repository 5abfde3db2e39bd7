import type { Capacity, ProviderCapacity } from '../../domain/model/capacity.ts';
import type { Clock } from '../../domain/model/clock.ts';
import type { Provider, WebhookVerifier } from '../../domain/model/provider.ts';
import type { Access } from './upstream.ts';

/** Everything about a provider: its client, where it is, and how it signs its webhooks. */
export type ProviderAdapter = {
  readonly createClient: (access: Access) => Provider;
  readonly url: UrlParameter;
  /** How many jobs the provider accepts from one operator. */
  readonly capacity: CapacityParameter;
  /** Only for a provider that signs its webhooks. */
  readonly webhookSignature?: {
    /** Where the provider publishes the keys it signs with. */
    readonly keysUrl: UrlParameter;
    readonly createVerifier: (options: {
      readonly keysUrl: string;
      readonly now: Clock;
    }) => WebhookVerifier;
  };
};

/** A capacity that a deployment may change, by a parameter of the CloudFormation template. */
type CapacityParameter = {
  /** The name of the parameter. */
  readonly name: `${string}Capacity`;
  /** What the vendor publishes for a new account; absent: no limits are known. */
  readonly default?: Capacity;
  /** Whether the vendor counts the jobs of each model separately. */
  readonly countedBy: ProviderCapacity['countedBy'];
};

/** A URL that a deployment may change, by a parameter of the CloudFormation template. */
export type UrlParameter = {
  /** The name of the parameter. */
  readonly name: `${string}Url`;
  readonly description: string;
  readonly default: string;
};

/** The names of the parameters of providers. */
export type ProviderParameterName = UrlParameter['name'] | CapacityParameter['name'];
