import axe from 'axe-core';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect } from 'vitest';
import { executable, signIn } from './installed-chromium.ts';

/** Whether there is a Chromium; if not, the tests of a page are skipped, and say so. */
export const hasChromium = executable !== undefined;
if (!hasChromium) {
  process.stdout.write(
    'Skipped: the tests in a browser. There is no Chromium (apt-get install chromium, or CHROMIUM=<its path>)\n',
  );
}

/** The console message of the browser about an error status, which some tests cause on purpose. */
const failedRequest = /^Failed to load resource: /;

type OpenOptions = BrowserContextOptions & {
  /** The address to open, and the key to sign in with. */
  readonly url: string;
  readonly key?: string;
};

export type OpenPage = (options: OpenOptions) => Promise<Page>;

/**
 * Opens pages in one browser for the tests of a file. An error in the console, an exception in the page and a violation
 * of the page's policy fail the test that has it.
 */
export function browserForTests(): OpenPage {
  let browser: Browser | undefined;
  let problems: string[] = [];
  beforeAll(async () => {
    if (executable === undefined) return;
    browser = await chromium.launch({ executablePath: executable, args: ['--no-sandbox'] });
  });
  afterEach(async () => {
    const found = problems;
    problems = [];
    for (const context of browser?.contexts() ?? []) await context.close();
    expect(found).toEqual([]);
  });
  afterAll(async () => {
    await browser?.close();
  });
  return async ({ url, key, ...options }) => {
    if (!browser) throw new Error('there is no browser');
    const context = await browser.newContext({ reducedMotion: 'reduce', ...options });
    // On a busy machine the first task of a stack takes long, because it starts the functions.
    context.setDefaultTimeout(100_000);
    const page = await context.newPage();
    page.on('console', (message) => {
      if (message.type() === 'error' && !failedRequest.test(message.text())) {
        problems.push(message.text());
      }
    });
    page.on('pageerror', (error) => problems.push(error.message));
    await page.goto(url);
    if (key !== undefined) await signIn(page, key);
    return page;
  };
}

/** The violations that axe finds on the page in its present state: each rule with its elements. */
export async function violations(page: Page): Promise<readonly string[]> {
  await page.evaluate(axe.source);
  const found = await page.evaluate<readonly string[]>(`
    axe.run().then(({ violations }) =>
      violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => id + ': ' + html)))`);
  return found;
}

/** By how many pixels the page is wider than its window. */
export const overflow = (page: Page): Promise<number> =>
  page.evaluate<number>('document.documentElement.scrollWidth - innerWidth');

/** Drops a file on an element, as a person does. */
export async function dropFile(
  page: Page,
  selector: string,
  file: { readonly name: string; readonly type: string; readonly bytes: Uint8Array },
): Promise<void> {
  const { name, type, bytes } = file;
  const base64 = Buffer.from(bytes).toString('base64');
  const transfer = await page.evaluateHandle(`(() => {
    const bytes = Uint8Array.from(atob(${JSON.stringify(base64)}), (one) => one.charCodeAt(0));
    const transfer = new DataTransfer();
    transfer.items.add(new File([bytes], ${JSON.stringify(name)}, { type: ${JSON.stringify(type)} }));
    return transfer;
  })()`);
  await page.dispatchEvent(selector, 'drop', { dataTransfer: transfer });
}

/** Holds changes back on their way to the API until `release`, and counts them. */
export async function holdBack(page: Page, path: string) {
  const held = { count: 0, release: () => {} };
  const released = new Promise<void>((done) => {
    held.release = done;
  });
  await page.route(path, async (route) => {
    if (route.request().method() === 'GET') return route.continue();
    held.count += 1;
    await released;
    await route.continue();
  });
  return held;
}
