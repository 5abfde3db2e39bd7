import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { CliError } from './cli-error.ts';

type Env = Readonly<Record<string, string | undefined>>;

/**
 * Opens an address with the program in BROWSER, or with that of the platform.
 * @throws {CliError} when there is none
 */
export async function openInBrowser(url: string, env: Env): Promise<void> {
  // What comes from a response must not be a file or a program of this machine.
  if (!/^https?:$/.test(URL.parse(url)?.protocol ?? '')) {
    throw new CliError(`${url} is not an http(s) address`);
  }
  const [program, ...rest] = browserFor(env);
  const child = spawn(program, [...rest, url], { stdio: 'ignore', detached: true });
  try {
    await once(child, 'spawn');
  } catch (thrown) {
    throw new CliError(`Cannot start ${program} to open ${url}; --print prints the link`, {
      cause: thrown,
    });
  }
  child.unref();
}

type Browser = readonly [program: string, ...rest: string[]];

function browserFor(env: Env): Browser {
  const browser = env['BROWSER'];
  if (browser) return [browser];
  if (process.platform === 'darwin') return ['open'];
  // No shell stands between, which would read the & in an address.
  if (process.platform === 'win32') return ['rundll32', 'url.dll,FileProtocolHandler'];
  return ['xdg-open'];
}
