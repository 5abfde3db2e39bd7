import { isLoopbackName } from '../../functions/domain/model/loopback.ts';
import type { DarkroomApi } from '../api/api.ts';
import { CliError } from '../program/cli-error.ts';
import { type Finding, fail, ok, seeErrors, warn } from './finding.ts';

/** The result of one request to the public address, without a key. */
export type Probe =
  | { readonly status: number; readonly isDarkroom: boolean; readonly dateMs: number | undefined }
  | { readonly errorCode: string };

const outputsCommand =
  '`npx cdk deploy --outputs-file cdk-outputs.json` prints the address as the output Url';

/** Whether a host name stands for this machine, by itself or by the ending .localhost (RFC 6761). */
export const isThisMachine = (hostname: string): boolean =>
  isLoopbackName(hostname) || hostname.endsWith('.localhost');

/** Whether the address is that of this API, and keys are safe on their way to it. */
export function judgeAddress(url: string, probe: Probe): Finding {
  const { protocol, hostname, host } = new URL(url);
  const isLoopback = isThisMachine(hostname);
  if (protocol === 'http:' && !isLoopback) {
    const remedy = `Give the address with https: --url https://${host}`;
    return fail('address', 'Over http, everybody on the way can read the key.', remedy);
  }
  if ('errorCode' in probe) return unreachable(host, probe.errorCode);
  if (probe.status !== 200 || !probe.isDarkroom) {
    const what = `${host} answered ${probe.status}, and not as this API does.`;
    return fail('address', what, `Compare the address: ${outputsCommand}.`);
  }
  return ok('address', `${host} answers over ${isLoopback ? 'the loopback' : 'TLS'}.`);
}

function unreachable(host: string, code: string): Finding {
  if (/CERT|TLS|SSL|SIGNED|SIGNATURE|ISSUER/.test(code)) {
    const remedy = `Look at the certificate: openssl s_client -connect ${host}:443 -servername ${host}`;
    return fail('address', `The certificate of ${host} is not trusted (${code}).`, remedy);
  }
  const remedy = `Is the stack deployed, and the address right? ${outputsCommand}.`;
  return fail('address', `${host} cannot be reached (${code}).`, remedy);
}

/**
 * The largest difference of the clocks, in milliseconds. Beyond it, callbacks are refused as too old and forms as signed
 * in the future.
 */
const maxSkewMs = 5 * 60 * 1000;
const notableSkewMs = 30 * 1000;

/** Whether the clock of this machine is that of the API: signatures have a time. */
export function judgeClock(dateMs: number | undefined, nowMs: number): Finding {
  const remedy =
    'Set it from the network: sudo timedatectl set-ntp true (macOS: sudo sntp -sS time.apple.com)';
  if (dateMs === undefined) {
    return warn('clock', 'The API did not say what time it is.', 'Compare with: date -u');
  }
  const skewMs = nowMs - dateMs;
  const seconds = Math.round(Math.abs(skewMs) / 1000);
  const what = `The clock of this machine is ${seconds} s ${skewMs > 0 ? 'ahead' : 'behind'}.`;
  if (Math.abs(skewMs) > maxSkewMs) return fail('clock', what, remedy);
  if (Math.abs(skewMs) > notableSkewMs) return warn('clock', what, remedy);
  return ok('clock', `The clock of this machine is right to ${Math.max(2, seconds)} s.`);
}

/**
 * Whether a task can be made with the key. The credits of a test key are not checked here: the first task of a day fills
 * them up, and a create says with a 402 that they are used up.
 */
export async function checkKey(
  api: Pick<DarkroomApi, 'credits'>,
  isTestKey: boolean,
): Promise<Finding> {
  const credits = await api.credits().catch(toCliError);
  if (credits instanceof CliError) return keyFailure(credits);
  const { token, user } = credits.data;
  const scopes = token.scopes.join(', ');
  if (!token.scopes.some((scope) => scope === 'generate')) {
    const remedy = 'Make one that may: darkroom keys create --name first --scope generate';
    return fail('key', `The key ${token.name} may make no tasks: it has ${scopes}.`, remedy);
  }
  const left = token.unlimited_credits
    ? user.remaining_credits
    : Math.min(user.remaining_credits, token.remaining_credits);
  if (left <= 0 && !isTestKey) {
    const remedy = 'Grant some: darkroom accounts grant <account> 100, with an admin key';
    return fail('key', `The key ${token.name} is accepted, and has no credits left.`, remedy);
  }
  return ok('key', `The key ${token.name} is accepted (${scopes}) and has ${left} credits.`);
}

function keyFailure({ message, apiError }: CliError): Finding {
  const status = apiError?.status ?? 0;
  if (status === 401 || status === 403) {
    const remedy =
      'Give another with --key or DARKROOM_KEY; `npm run keys -- create --function <the name in FirstKey>` makes one';
    return fail('key', `The API refuses the key: ${message}`, remedy);
  }
  return fail('key', `The API cannot look the key up: ${message}`, seeErrors);
}

/** Returns the error of a call to the API. Any other error is a fault of this program, and is thrown on. */
export function toCliError(thrown: unknown): CliError {
  if (thrown instanceof CliError) return thrown;
  throw thrown;
}
