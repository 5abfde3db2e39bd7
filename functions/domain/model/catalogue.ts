/** What a picture file must be. Sides in pixels. */
export type ImageLimits = {
  readonly maxBytes: number;
  readonly minSide: number;
  readonly maxSide: number;
};

/** Which sizes a model makes. */
export type SizeLimits = {
  /**
   * The sides of the smallest and of the largest square, in pixels. Other sizes must have a number of pixels between those
   * two.
   */
  readonly minSquare: number;
  readonly maxSquare: number;
  /** How many times as long as the other one a side may be. */
  readonly maxRatio: number;
};

/** A model, with its price and limits. */
type ModelWithoutProviders = {
  readonly id: string;
  /** Other names that clients of the published API know it by. A response says the id. */
  readonly aliases: readonly string[];
  /** When it came into this catalogue, in unix seconds. */
  readonly createdAtSeconds: number;
  /** Who makes the model. */
  readonly ownedBy: string;
  /** Price of one image that was made. */
  readonly milliCreditsPerImage: number;
  readonly maxImages: number;
  readonly maxN: number;
  readonly maxPromptCodePoints: number;
  readonly image: ImageLimits;
  readonly sizeLimits: SizeLimits;
  /** The size that each ratio stands for: width and height, both in pixels. */
  readonly sizes: Readonly<Record<string, string>>;
};
/** A model at a provider that offers it. */
type ModelAtProvider = {
  /** The provider's own name of the model: its adapter sends it. */
  readonly model: string;
  /** The first guess of how long the model takes there, in seconds. */
  readonly typicalSeconds: number;
  /**
   * What the provider charges you for an image, in millionths of a US dollar: 30_000 is 3 cents. It depends on your
   * contract, so the catalogue has none. With a price, the usage for the operator says what the images cost.
   */
  readonly microUsdPerImage?: number;
};
type Row = ModelWithoutProviders & {
  readonly providers: Readonly<Record<string, ModelAtProvider>>;
};

// Limits: the published contract of wan2.5-image-to-image. The price is the contract's sample
// (1.2 credits an image), unless the settings of a deployment have another.
const table = [
  {
    id: 'wan2.5-image-to-image',
    aliases: ['wan2.5-i2i-preview', 'wan2.5-i2i'],
    createdAtSeconds: Date.UTC(2026, 10, 22) / 1000,
    ownedBy: 'alibaba',
    milliCreditsPerImage: 1200,
    maxImages: 2,
    maxN: 4,
    maxPromptCodePoints: 2000,
    image: { maxBytes: 10 * 1024 * 1024, minSide: 384, maxSide: 5000 },
    // What the model's provider accepts (DashScope, wan2.5 image edit).
    sizeLimits: { minSquare: 768, maxSquare: 1280, maxRatio: 4 },
    // The sizes that DashScope's page of the model recommends.
    sizes: {
      '1:1': '1280x1280',
      '2:3': '800x1200',
      '3:2': '1200x800',
      '3:4': '960x1280',
      '4:3': '1280x960',
      '9:16': '720x1280',
      '16:9': '1280x720',
      '21:9': '1344x576',
    },
    // The contract's sample estimates 30 s; fal's page says one to two minutes.
    providers: {
      dashscope: { model: 'wan2.5-i2i-preview', typicalSeconds: 30 },
      evolink: { model: 'wan2.5-image-to-image', typicalSeconds: 30 },
      fal: { model: 'fal-ai/wan-25-preview/image-to-image', typicalSeconds: 90 },
    },
  },
] as const satisfies readonly [Row, ...Row[]];

type NamesIn<R> = R extends { readonly providers: infer Providers } ? keyof Providers : never;

/**
 * A provider that offers a model, and that a stage can have in its order. Each one needs a line in
 * `functions/adapters/providers/registry.ts`; without it nothing compiles.
 */
export type LiveProviderName = NamesIn<(typeof table)[number]>;

/**
 * The built-in provider of test mode. It offers every model. No stage can have it in its order, because it is no
 * `LiveProviderName`.
 */
export const sandbox = 'sandbox';
export type ProviderName = LiveProviderName | typeof sandbox;
/** How long a job takes in the sandbox unless its prompt says so, in seconds. */
export const sandboxSeconds = 1;

/** Every provider of live tasks, in the order in which a stage tries them unless it has its own. */
export const providerNames: readonly LiveProviderName[] = [
  ...new Set(table.flatMap(({ providers }) => Object.keys(providers) as LiveProviderName[])),
];
/** Every provider that a task can have. */
export const allProviderNames: readonly ProviderName[] = [...providerNames, sandbox];

export type Model = ModelWithoutProviders & {
  readonly providers: Readonly<Partial<Record<LiveProviderName, ModelAtProvider>>>;
};

export const models: readonly Model[] = table;
export const defaultModel: Model = table[0];

/** The prices that a deployment sets. A price that is left out is that of the catalogue. */
export type ModelPrices = Readonly<
  Record<
    string,
    {
      readonly milliCreditsPerImage?: number | undefined;
      readonly microUsdPerImage?: Readonly<Partial<Record<ProviderName, number>>> | undefined;
    }
  >
>;

/** The catalogue with the prices of a deployment. */
export const pricedModels = (prices: ModelPrices): readonly Model[] =>
  models.map((model) => {
    const { milliCreditsPerImage = model.milliCreditsPerImage, microUsdPerImage = {} } =
      prices[model.id] ?? {};
    const providers = Object.entries(model.providers).map(([name, row]) => {
      const price = microUsdPerImage[name as ProviderName] ?? row.microUsdPerImage;
      return [name, { ...row, ...(price !== undefined && { microUsdPerImage: price }) }];
    });
    return { ...model, milliCreditsPerImage, providers: Object.fromEntries(providers) };
  });

/** The limits that a request itself shows, before any picture is fetched. */
export type RequestLimits = Pick<Model, 'maxImages' | 'maxN' | 'maxPromptCodePoints'>;

/** The widest limits of all models. */
export const widestLimits = (catalogue: readonly Model[] = models): RequestLimits => ({
  maxImages: Math.max(...catalogue.map((model) => model.maxImages)),
  maxN: Math.max(...catalogue.map((model) => model.maxN)),
  maxPromptCodePoints: Math.max(...catalogue.map((model) => model.maxPromptCodePoints)),
});

/** The sizes that some model makes. */
export const widestSizeLimits = (catalogue: readonly Model[] = models): SizeLimits => ({
  minSquare: Math.min(...catalogue.map(({ sizeLimits }) => sizeLimits.minSquare)),
  maxSquare: Math.max(...catalogue.map(({ sizeLimits }) => sizeLimits.maxSquare)),
  maxRatio: Math.max(...catalogue.map(({ sizeLimits }) => sizeLimits.maxRatio)),
});

/** What a picture must be so that some model takes it. */
export const widestImageLimits = (catalogue: readonly Model[] = models): ImageLimits => ({
  maxBytes: Math.max(...catalogue.map(({ image }) => image.maxBytes)),
  minSide: Math.min(...catalogue.map(({ image }) => image.minSide)),
  maxSide: Math.max(...catalogue.map(({ image }) => image.maxSide)),
});

/** The largest picture file that any model accepts: uploads and downloads of inputs stop there. */
export const maxInputBytes = widestImageLimits().maxBytes;
export const findModel = (id: string, catalogue: readonly Model[] = models): Model | undefined =>
  catalogue.find((model) => model.id === id);

/** Further names of models, and the model that each stands for: a setting of the deployment. */
export type ModelAliases = Readonly<Record<string, string>>;
/** The form of that setting: `my-model=wan2.5-image-to-image,…`. An empty text sets no names. */
export const modelAliasesPattern = /^([\w./:-]+=[\w./:-]+(,[\w./:-]+=[\w./:-]+)*)?$/;

/** The model that a caller means by a name: its id, one of its aliases, or one that the operator has given it. */
export const modelNamed = (
  name: string,
  catalogue: readonly Model[] = models,
  aliases: ModelAliases = {},
): Model | undefined =>
  findModel(name, catalogue) ??
  catalogue.find((model) => model.aliases.includes(name)) ??
  (Object.hasOwn(aliases, name) ? findModel(aliases[name] ?? '', catalogue) : undefined);

/** Every name that a caller may send without a setting of the deployment. */
export const modelNames = (catalogue: readonly Model[] = models): readonly string[] =>
  catalogue.flatMap(({ id, aliases }) => [id, ...aliases]);

/** A model at a provider, if it is offered there. */
export const offerOf = (model: Model, provider: ProviderName): ModelAtProvider | undefined =>
  provider === sandbox
    ? { model: model.id, typicalSeconds: sandboxSeconds }
    : model.providers[provider];

/** The name of a model at a provider; undefined when the catalogue has no such row any more. */
export function nameAtProvider(
  id: string,
  provider: ProviderName,
  catalogue?: readonly Model[],
): string | undefined {
  const model = findModel(id, catalogue);
  return model && offerOf(model, provider)?.model;
}

/** The model of a task. One that has left the catalogue since the task was created counts as the default model. */
export const modelOfTask = (id: string, catalogue?: readonly Model[]): Model =>
  findModel(id, catalogue) ?? defaultModel;

/** The providers out of `order` that offer a model, in that order. */
export function providersFor<Name extends ProviderName>(
  id: string,
  order: readonly Name[],
  catalogue = models,
): readonly Name[] {
  const model = modelOfTask(id, catalogue);
  return order.filter((name) => offerOf(model, name) !== undefined);
}
