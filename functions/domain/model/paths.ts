// The paths that links lead to. The declaration of a route and whoever writes a link to it take the path from here.

/** The names of the parameters in a path, as API Gateway writes it. */
export type ParameterNames<Path extends string> =
  Path extends `${string}{${infer Name}}${infer Rest}`
    ? WithoutPlus<Name> | ParameterNames<Rest>
    : never;

/** `{file+}` takes the rest of the path; its name is `file`. */
type WithoutPlus<Name extends string> = Name extends `${infer Bare}+` ? Bare : Name;

export const createTaskPath = '/v1/images/generations';
export const taskPath = '/v1/tasks/{task_id}';
export const waitForTaskPath = '/v1/tasks/{task_id}/wait';
export const resultPath = '/v1/results/{task}/{n}';
export const providerWebhookPath = '/v1/providers/{provider}/callbacks/{job}/{secret}';
/** The uploads of the API itself. */
export const filesPath = '/v1/files';
export const filePath = '/v1/files/{file_id}';
/** The hosted files, which have links. */
export const uploadUrlPath = '/api/v1/files/upload/url';
export const showFilePath = '/api/v1/files/content/{file}';
export const downloadFilePath = '/api/v1/files/download/{file}';
export const consolePath = '/console';
export const documentPath = '/openapi.json';
export const healthPath = '/healthz';

/** A path with the values of its parameters. A value is one part of the path, whatever is in it. */
export const pathTo = <const Path extends string>(
  path: Path,
  parameters: Readonly<Record<ParameterNames<Path>, string | number>>,
): string =>
  Object.entries<string | number>(parameters).reduce(
    (filled, [name, value]) => filled.replace(`{${name}}`, () => encodeURIComponent(value)),
    path as string,
  );
