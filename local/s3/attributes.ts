import type { Headers } from './call.ts';
import type { Stored } from './store.ts';

const kept =
  /^(content-(type|disposition|encoding|language)|cache-control|expires|x-amz-meta-[\w!#$%&'*+.^`|~-]+)$/;

/** The headers of an upload that belong to the object and come back with it. */
export function attributesOf(headers: Headers): Record<string, string> {
  const attributes: Record<string, string> = { 'content-type': 'binary/octet-stream' };
  for (const [name, value] of Object.entries(headers)) {
    if (value && kept.test(name)) attributes[name] = value;
  }
  // How the body travelled is not how it is stored.
  const encoding = attributes['content-encoding']?.replace(/aws-chunked(,\s*)?/i, '');
  if (encoding) attributes['content-encoding'] = encoding;
  else delete attributes['content-encoding'];
  return attributes;
}

export const quoted = ({ etag }: Pick<Stored, 'etag'>): string => `"${etag}"`;

/** Whether an `If-Match` or `If-None-Match` names this object. */
export const names = (header: string, object: Stored | undefined): boolean =>
  object !== undefined &&
  header.split(',').some((tag) => ['*', object.etag].includes(tag.trim().replaceAll('"', '')));
