import { pathTo, resultPath } from '../model/paths.ts';
import { isSigned, type SigningKeys, signatureOf, signaturePattern } from '../model/signature.ts';

/** What a result link says. `n` counts from 1, `expires` is in unix seconds. */
export type ResultLink = { readonly taskId: string; readonly n: number; readonly expires: number };

/** A link to one result: it leads to our API, which checks the signature and redirects to the bucket. */
export function resultLink(baseUrl: string, secret: string, link: ResultLink): string {
  const { taskId, n, expires } = link;
  const signature = signatureOf(secret, partsOf(link));
  const path = pathTo(resultPath, { task: taskId, n });
  return `${baseUrl}${path}?expires=${expires}&signature=${signature}`;
}

/** Whether we signed this link and it has not expired. The keys are only read for a link that can be valid. */
export const isValidLink = async (
  keys: SigningKeys,
  link: ResultLink,
  signature: string,
  nowMs: number,
): Promise<boolean> =>
  link.expires * 1000 > nowMs &&
  signaturePattern.test(signature) &&
  (await isSigned(signature, keys, partsOf(link)));

const partsOf = ({ taskId, n, expires }: ResultLink) => ['result', taskId, n, expires];
