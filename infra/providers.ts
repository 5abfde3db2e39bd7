import { Stack } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import type { UrlParameter } from '../functions/adapters/providers/provider-adapter.ts';
import { providerAdapters } from '../functions/adapters/providers/registry.ts';
import { capacityPattern, formatCapacity } from '../functions/domain/model/capacity.ts';
import { providerNames } from '../functions/domain/model/catalogue.ts';
import { type ParameterName, textParameter } from './parameter.ts';
import type { Stage } from './stage.ts';

/**
 * Which providers are offered, and where they are: parameters of a deployment. The defaults come from the
 * stage and from each provider's definition.
 */
export class Providers extends Construct {
  /** What a function needs to reach them. */
  readonly urls: Readonly<Record<'PROVIDER_URLS', string>>;
  /** What a function needs to verify their signatures. */
  readonly signatures: Readonly<Record<'PROVIDER_KEYS_URLS', string>>;
  /** What a function needs to know how many jobs they take. */
  readonly capacities: Readonly<Record<'PROVIDER_CAPACITIES', string>>;
  /** Which of them are offered, in the order in which they are tried. */
  readonly order: Readonly<Record<'PROVIDERS', string>>;

  constructor(scope: Construct, id: string, stage: Stage) {
    super(scope, id);
    const { providers, providerUrls, publishedCapacities } = stage;
    const parameter = (
      name: ParameterName,
      description: string,
      value: string,
      allowedPattern: string,
    ) => textParameter(scope, stage, name, { description, default: value, allowedPattern });
    const { pattern, origin } = providerUrls;
    const urlParameter = ({ name, description, ...url }: UrlParameter, allowedPattern: string) => {
      const own = new URL(url.default).origin;
      const value = url.default.replace(own, origin ?? own);
      return parameter(name, description, value, allowedPattern);
    };

    const urls: Record<string, string> = {};
    const keysUrls: Record<string, string> = {};
    for (const [name, { url, webhookSignature }] of Object.entries(providerAdapters)) {
      urls[name] = urlParameter(url, pattern);
      if (webhookSignature) {
        const keysPattern = `${pattern.slice(0, -1)}/[a-z0-9./_-]+$`;
        keysUrls[name] = urlParameter(webhookSignature.keysUrl, keysPattern);
      }
    }
    const capacities = Object.entries(providerAdapters).map(
      ([
        name,
        {
          capacity: { name: parameterName, default: published, countedBy },
        },
      ]) => [
        name,
        {
          capacity: parameter(
            parameterName,
            `How many jobs ${name} takes at once and a second, and how many may wait there. Empty: no limits`,
            publishedCapacities && published ? formatCapacity(published) : '',
            capacityPattern,
          ),
          countedBy,
        },
      ],
    );
    const stack = Stack.of(this);
    this.urls = { PROVIDER_URLS: stack.toJsonString(urls) };
    this.capacities = {
      PROVIDER_CAPACITIES: stack.toJsonString(Object.fromEntries(capacities)),
    };
    this.signatures = { PROVIDER_KEYS_URLS: stack.toJsonString(keysUrls) };

    const anyName = `(${providerNames.join('|')})`;
    this.order = {
      PROVIDERS: parameter(
        'Providers',
        'The providers that are offered, in the order in which they are tried. One without an API key is left out',
        providers,
        `^${anyName}(,${anyName})*$`,
      ),
    };
  }
}
