import { globSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { ProviderAdapter } from '../../../../functions/adapters/providers/provider-adapter.ts';
import {
  createProviders,
  providerAdapters,
  webhookVerifiers,
} from '../../../../functions/adapters/providers/registry.ts';
import {
  allProviderNames,
  defaultModel,
  type LiveProviderName,
  type Model,
  providerNames,
  providersFor,
} from '../../../../functions/domain/model/catalogue.ts';
import type { Job } from '../../../../functions/domain/model/provider.ts';
import { pollTask } from '../../../../functions/domain/tasks/poll-task.ts';
import { submitTask } from '../../../../functions/domain/tasks/submit-task.ts';
import { entries } from '../../../../functions/runtime/env.ts';
import { memoryStore, memoryWorkflow } from '../../../support/fakes.ts';
import { memorySlots } from '../../../support/slots.ts';
import { pending, sampleId, sampleTime } from '../../../support/tasks.ts';

// What is added for a new provider: its adapter under its name, and the models that it offers.
const acme = 'new-provider' as LiveProviderName;
const acmeDefinition: Omit<ProviderAdapter, 'createClient'> = {
  url: { name: 'AcmeUrl', description: 'Where Acme is', default: 'https://acme.example.com' },
  capacity: { name: 'AcmeCapacity', countedBy: 'provider' },
  webhookSignature: {
    keysUrl: { name: 'AcmeKeysUrl', description: '', default: 'https://acme.example.com/keys' },
    createVerifier:
      ({ keysUrl }) =>
      async ({ body }) =>
        body === `signed with ${keysUrl}`,
  },
};
const image = { url: 'https://acme.example.com/1.png' };

/** A client of Acme that records its requests. */
function acmeClient() {
  const requests: unknown[] = [];
  const createClient: ProviderAdapter['createClient'] = ({ baseUrl, apiKey }) => ({
    retentionMs: 1,
    submit: async (job: Job) => {
      requests.push(['submit', baseUrl, await apiKey(), job.taskId, job.model, job.prompt]);
      return 'acme-1';
    },
    poll: async (ticket) => {
      requests.push(['poll', baseUrl, await apiKey(), ticket]);
      return { state: 'succeeded', images: [image] };
    },
  });
  return { requests, createClient };
}

/** The system with Acme beside its own providers, and with one task in its store. */
function systemWithAcme(task = pending(), catalogue?: readonly Model[]) {
  const { requests, createClient } = acmeClient();
  const { tasks, put } = memoryStore();
  put(task);
  const adapters = { ...providerAdapters, [acme]: { ...acmeDefinition, createClient } };
  const urls = Object.fromEntries(
    Object.entries(adapters).map(([name, { url }]) => [name, url.default]),
  );
  const providers = createProviders(adapters, urls, (name) => async () => `key of ${name}`);
  const unexpected = () => expect.fail('not expected here');
  const now = () => sampleTime;
  const submit = submitTask({
    tasks,
    inputs: { link: async () => 'https://inputs.example.com/1' },
    providers,
    availableProviders: async (model) => providersFor(model, [acme], catalogue),
    ...(catalogue && { catalogue }),
    webhookUrl: async (name, id) => `https://api.example.com/${name}/${id}`,
    expectedWait: async () => undefined,
    typicalSeconds: async () => 30,
    now,
    pause: async () => undefined,
    outcomeUnknown: unexpected,
    onDeferred: unexpected,
    operatorMustAct: unexpected,
    onFallback: unexpected,
    recordRejection: unexpected,
    slots: memorySlots({ now }),
    onAccepted: () => undefined,
  });
  const poll = pollTask({
    tasks,
    workflow: memoryWorkflow(),
    releaseSlot: async () => undefined,
    providers,
    now,
    endTask: async () => undefined,
    notifyCaller: unexpected,
    endingFailed: unexpected,
    providerBusy: unexpected,
    unanswered: unexpected,
    overdue: unexpected,
  });
  return { requests, submit, poll, find: () => tasks.find(sampleId) };
}

const acmeModel: Model = {
  ...defaultModel,
  id: 'acme-image',
  providers: { [acme]: { model: 'acme-1.0', typicalSeconds: 10 } },
};

const providersThatSign = providerNames.filter((name) => providerAdapters[name].webhookSignature);

describe('a new provider', () => {
  test('gets a task, and its images are the outcome of that task', async () => {
    const catalogue = [
      { ...defaultModel, providers: { ...defaultModel.providers, ...acmeModel.providers } },
    ];
    const { requests, submit, poll, find } = systemWithAcme(pending(), catalogue);

    await submit(sampleId);
    expect(await find()).toMatchObject({ status: 'processing', provider: acme, ticket: 'acme-1' });
    await poll(sampleId, 'token-1');

    expect(await find()).toMatchObject({ outcome: { state: 'succeeded', images: [image] } });
    const [url, key] = [acmeDefinition.url.default, `key of ${acme}`];
    expect(requests).toEqual([
      ['submit', url, key, sampleId, 'acme-1.0', pending().prompt],
      ['poll', url, key, 'acme-1'],
    ]);
  });

  test('has its webhooks verified with the keys it publishes', async () => {
    const { createClient } = acmeClient();
    const adapters = { ...providerAdapters, [acme]: { ...acmeDefinition, createClient } };
    const keysUrls = Object.fromEntries(
      [...providersThatSign, acme].map((name) => [name, `https://${name}.example.com/k`]),
    );
    const verifiers = webhookVerifiers(adapters, keysUrls, () => sampleTime);

    const isGenuine = (body: string) => verifiers[acme]?.({ headers: {}, body });

    expect(Object.keys(verifiers)).toEqual([...providersThatSign, acme]);
    expect(await isGenuine('signed with https://new-provider.example.com/k')).toBe(true);
    expect(await isGenuine('signed with another key')).toBe(false);
    expect(() => webhookVerifiers(adapters, {}, () => sampleTime)).toThrow(
      `keys of ${providersThatSign[0]}`,
    );
  });
});

describe('a new model', () => {
  test('is generated by the provider that the catalogue names for it', async () => {
    const task = pending({ model: acmeModel.id });
    const { submit, poll, find } = systemWithAcme(task, [defaultModel, acmeModel]);

    await submit(sampleId);
    await poll(sampleId, 'token-1');

    expect(await find()).toMatchObject({
      model: 'acme-image',
      provider: acme,
      outcome: { state: 'succeeded', images: [image] },
    });
  });

  test('is not offered by the providers that the catalogue does not name for it', () => {
    const order = [...providerNames, acme];

    expect(providersFor(acmeModel.id, order, [defaultModel, acmeModel])).toEqual([acme]);
    expect(providersFor(defaultModel.id, order, [defaultModel, acmeModel])).toEqual(providerNames);
  });
});

test('every provider has a folder, and every folder a provider', () => {
  const root = new URL('../../../../functions/adapters/providers/', import.meta.url);
  const folders = readdirSync(root, { withFileTypes: true }).filter((one) => one.isDirectory());

  expect(folders.map(({ name }) => name).sort()).toEqual([...allProviderNames].sort());
  expect(Object.keys(providerAdapters)).toEqual(providerNames);
});

/** The files that a file loads, itself included; imports of types load nothing. */
function filesLoadedBy(file: URL, loaded = new Set<string>()): ReadonlySet<string> {
  if (loaded.has(file.href)) return loaded;
  loaded.add(file.href);
  for (const [, path = ''] of readFileSync(file, 'utf8').matchAll(
    /^(?:import|export) (?!type )[^;]*?'(\.[^']+\.ts)'/gm,
  )) {
    filesLoadedBy(new URL(path, file), loaded);
  }
  return loaded;
}

test('only the functions that talk to a provider load the adapters', () => {
  const root = new URL('../../../../', import.meta.url);
  const files = globSync('functions/{api,workflow,events}/**/*.ts', { cwd: root });
  expect(files.length).toBeGreaterThan(Object.keys(entries).length);
  const { href } = new URL('functions/adapters/providers/registry.ts', root);

  expect(files.filter((file) => filesLoadedBy(new URL(file, root)).has(href)).sort()).toEqual([
    'functions/api/provider-webhook/handler.ts',
    'functions/api/try-provider/handler.ts',
    'functions/workflow/poll-task.ts',
    'functions/workflow/submit-task.ts',
  ]);
});
