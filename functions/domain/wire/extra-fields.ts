/**
 * Fields that no model has, but that ask for other images or for another price. To ignore them would make, and charge,
 * something that the caller did not ask for. Each field has advice on what to do instead.
 */
const refusedFields: Readonly<Record<string, string>> = {
  ...sameAdvice(
    ['mask', 'mask_url', 'mask_image', 'mask_image_url'],
    'is not possible here: a picture is edited as a whole; describe in the prompt what to change',
  ),
  ...sameAdvice(
    ['image', 'images', 'image_url', 'input_image', 'reference_image', 'reference_images'],
    'is not a field here: send the addresses of all pictures in image_urls',
  ),
  ...sameAdvice(
    ['num_images', 'number_of_images', 'num_outputs', 'batch_size'],
    'is not a field here: send n',
  ),
  ...sameAdvice(
    ['tier', 'service_tier'],
    'is not a field here: every task has the same price; a task with "lane": "bulk" lets your other tasks go first',
  ),
};

function sameAdvice(names: readonly string[], advice: string): Record<string, string> {
  return Object.fromEntries(names.map((name) => [name, advice]));
}

type ExtraFields = {
  readonly refused: readonly { readonly field: string; readonly message: string }[];
  /** The names of these fields. Their number and length are limited, because the response has them. */
  readonly ignored: readonly string[];
};

const maxIgnored = 20;
const maxNameLength = 64;

/** The fields of a request that it may not have, and those that are ignored. An empty value counts as absent. */
export function extraFieldsOf(
  request: Readonly<Record<string, unknown>>,
  known: Readonly<Record<string, unknown>>,
): ExtraFields {
  const extra = Object.keys(request).filter(
    (name) => !Object.hasOwn(known, name) && !isEmpty(request[name]),
  );
  const isRefused = (name: string) => Object.hasOwn(refusedFields, name);
  return {
    refused: extra
      .filter(isRefused)
      .map((field) => ({ field, message: `${field} ${refusedFields[field]}` })),
    ignored: extra
      .filter((name) => !isRefused(name))
      .slice(0, maxIgnored)
      .map(shortened),
  };
}

const emptyTexts = ['', 'auto', 'default'];

function isEmpty(value: unknown): boolean {
  if (Array.isArray(value)) return value.length === 0;
  return value === null || value === undefined || emptyTexts.some((text) => text === value);
}

const shortened = (name: string): string =>
  name.length <= maxNameLength ? name : `${name.slice(0, maxNameLength).toWellFormed()}…`;
