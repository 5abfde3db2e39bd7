import { readFileSync } from 'node:fs';
import type { Page } from 'playwright-core';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { TestStack } from '../flow/open-stack.ts';
import { controlProvider, startStack } from '../flow/start-stack.ts';
import { browserForTests, dropFile, hasChromium, violations } from './chromium.ts';
import { signIn } from './installed-chromium.ts';

const sample = readFileSync('cli/sample.jpg');

describe.skipIf(!hasChromium)('in the form for a picture', () => {
  const open = browserForTests();
  let stack: TestStack;
  beforeAll(async () => {
    stack = await startStack();
  });
  afterAll(async () => {
    await stack?.close();
  });

  const openForm = () => open({ url: stack.url, key: stack.keys.apiKey, acceptDownloads: true });
  const drop = (page: Page, name: string, type: string, bytes: Uint8Array) =>
    dropFile(page, '.slot >> nth=0', { name, type, bytes });
  const run = async (page: Page, prompt: string) => {
    await page.getByLabel('What to do with it').fill(prompt);
    await page.getByRole('button', { name: 'Run', exact: true }).click();
  };
  const finished = (page: Page, word: string) =>
    page.locator('.result-head .status', { hasText: word }).waitFor();
  const allLoaded = (page: Page) =>
    expect
      .poll(() =>
        page.evaluate<boolean>(
          "[...document.querySelectorAll('.pictures img')].every(({ naturalWidth }) => naturalWidth > 0)",
        ),
      )
      .toBe(true);
  const lastTask = async () => {
    const { body } = await stack.call('GET', '/v1/tasks?limit=1');
    return (await stack.call('GET', `/v1/tasks/${body.data[0].id}`)).body;
  };

  test('a dropped picture becomes images, which can be viewed and saved, one by one and all together', async () => {
    const page = await openForm();
    await drop(page, 'lighthouse.jpg', 'image/jpeg', sample);
    await page.getByAltText('Chosen: lighthouse.jpg').waitFor();
    await page.locator('select[name=n]').selectOption('4');

    expect(await page.locator('.run-bar').textContent()).toContain('4.8 credits · 1,000 left');
    expect(await page.locator('.code').textContent()).toContain('"n": 4');

    await run(page, 'Make it snow');
    await finished(page, 'completed');
    await page.locator('.after').waitFor();

    expect(await page.locator('.variants img').count()).toBe(4);
    expect(await page.title()).toBe('Create – Darkroom');
    await expect
      .poll(() => page.locator('.run-bar').textContent())
      .toContain('4.8 credits · 995.2 left');
    // Every picture is loaded, so the policy of the page has blocked none.
    await allLoaded(page);

    const one = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Download', exact: true }).click();
    expect((await one).suggestedFilename()).toMatch(/^task-unified-[\w-]+-1\.(png|jpg)$/);
    const all = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Download all' }).click();
    expect((await all).suggestedFilename()).toMatch(/^task-unified-[\w-]+\.zip$/);

    await page.getByLabel('How much of the picture before is shown').press('ArrowRight');
    expect(await page.locator('.before').getAttribute('style')).toContain('49%');
  });

  test('an image becomes the input of the next task', async () => {
    const page = await openForm();
    await drop(page, 'lighthouse.jpg', 'image/jpeg', sample);
    await run(page, 'Make it snow');
    await finished(page, 'completed');

    await page.getByRole('button', { name: 'Use as input' }).click();

    await page.getByAltText(/Chosen: task-unified-/).waitFor();
  });

  test('at another address than the public one images are shown, saved and used, and a copied link has the public address', async () => {
    const page = await openForm();
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
    const publicLinks = 'https://darkroom.example.com/v1/results/';
    // As in a deployment that has got a domain, whose page was opened at the old address.
    await page.route('**/v1/tasks/*', async (route) => {
      const text = await (await route.fetch()).text();
      const json = JSON.parse(text.replaceAll(`${stack.url}/v1/results/`, publicLinks));
      await route.fulfill({ json });
    });
    await drop(page, 'lighthouse.jpg', 'image/jpeg', sample);
    await page.locator('select[name=n]').selectOption('2');
    await run(page, 'Make it snow');
    await finished(page, 'completed');
    await page.locator('.after').waitFor();
    await allLoaded(page);

    for (const [button, name] of [
      ['Download', /-1\.(png|jpg)$/],
      ['Download all', /\.zip$/],
    ] as const) {
      const download = page.waitForEvent('download');
      await page.getByRole('button', { name: button, exact: true }).click();
      expect((await download).suggestedFilename()).toMatch(name);
    }
    await page.getByRole('button', { name: 'Copy link' }).click();
    await page.getByRole('button', { name: 'Copied' }).waitFor();
    expect(await page.evaluate('navigator.clipboard.readText()')).toContain(publicLinks);

    await page.getByRole('button', { name: 'Use as input' }).click();
    await page.getByAltText(/Chosen: task-unified-/).waitFor();
    await page.goto(`${stack.url}/console/tasks`);
    await page
      .getByLabel(/^Select Make it snow/)
      .first()
      .check();
    const zip = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Download (1)' }).click();
    expect((await zip).suggestedFilename()).toBe('darkroom-2-images.zip');
    await page.unrouteAll({ behavior: 'ignoreErrors' });
  });

  const shape = (width: number, height: number, alpha: number) =>
    sharp({
      create: { width, height, channels: 4, background: { r: 200, g: 40, b: 40, alpha } },
    });

  test.each([
    [
      'transparent',
      'logo.png',
      'image/png',
      () => shape(600, 500, 0.5).png().toBuffer(),
      /^Transparent parts are white now\. Saved as JPEG, \d+ kB\.$/,
    ],
    [
      'too small',
      'small.gif',
      'image/gif',
      () => shape(300, 200, 1).gif().toBuffer(),
      /^Made larger: 300 × 200 → 576 × 384\. It has no more detail than before\./,
    ],
    [
      'too large, with a wrong name',
      'large.png',
      'image/png',
      () => shape(5600, 700, 1).removeAlpha().webp().toBuffer(),
      /^Made smaller: 5600 × 700 → 5000 × 625\. Saved as JPEG/,
    ],
  ])(
    'a picture that is %s is repaired, and the task takes it',
    async (_, name, type, make, says) => {
      const page = await openForm();
      await drop(page, name, type, await make());
      await page.locator('.slot-changes').waitFor();
      expect(await page.locator('.slot-changes').textContent()).toMatch(says);

      await run(page, 'Make it snow');
      await finished(page, 'completed');

      expect((await lastTask()).request.inputs).toMatchObject([{ content_type: 'image/jpeg' }]);
    },
  );

  test('a repair shows its reason and can be undone; then nothing is sent until it is made after all', async () => {
    const page = await openForm();
    const before = (await stack.call('GET', '/v1/tasks')).body.data.length;
    const hostile = '<b>logo</b>\u202Egnp.exe';
    const name = '<b>logo</b>U+202Egnp.exe';
    await drop(page, hostile, 'image/png', await shape(600, 300, 0.5).png().toBuffer());
    await page.locator('.slot-changes').waitFor();

    await page.getByRole('button', { name: 'Undo' }).press('Enter');

    const alert = page.locator('.slot-error');
    expect(await alert.textContent()).toBe(
      `${name} cannot be used as it is. It is 600 × 300: a side must have 384 pixels at least. It has transparent parts, which no model here takes.`,
    );
    await page.getByAltText(`As it is: ${name}`).waitFor();
    expect(await page.locator('.slot b').count()).toBe(0);
    expect(await violations(page)).toEqual([]);
    await page.getByRole('button', { name: 'Run', exact: true }).click();
    await page.getByText('A picture cannot be used as it is').waitFor();
    expect((await stack.call('GET', '/v1/tasks')).body.data).toHaveLength(before);

    await page.getByRole('button', { name: 'Change it after all' }).click();
    await page.locator('.slot-changes').waitFor();
    expect(await page.getByAltText(`Chosen: ${name}`).count()).toBe(1);
  });

  test('the focus stays in the place of a picture whose repair is undone and made again', async () => {
    const page = await openForm();
    await drop(page, 'logo.png', 'image/png', await shape(600, 500, 0.5).png().toBuffer());
    const focused = () => expect.poll(() => page.evaluate('document.activeElement.textContent'));

    await page.getByRole('button', { name: 'Undo' }).press('Enter');
    await focused().toBe('Change it after all');
    await page.keyboard.press('Enter');
    await focused().toBe('Undo');
    await page.getByRole('button', { name: 'Remove' }).press('Enter');
    await focused().toContain('Drop, paste or choose');
  });

  test('nothing is sent while one of two pictures cannot be used, until that picture is left out', async () => {
    const page = await openForm();
    const creates: string[] = [];
    page.on('request', (request) => {
      if (request.url().endsWith('/v1/images/generations')) creates.push(request.url());
    });
    await drop(page, 'lighthouse.jpg', 'image/jpeg', sample);
    const bytes = await shape(600, 500, 0.5).png().toBuffer();
    await dropFile(page, '.slot >> nth=1', { name: 'logo.png', type: 'image/png', bytes });
    await page.getByRole('button', { name: 'Undo' }).click();
    const refusal = page.locator('.run-bar').getByText('A picture cannot be used as it is');

    await run(page, 'Make it snow');
    await refusal.waitFor();
    await page.getByRole('button', { name: 'Leave it out' }).click();
    const address = page.getByLabel('Second picture: an address');
    await address.fill('example.com/b.jpg');
    await address.press('Control+Enter');
    await page.getByText('An address begins with https://').waitFor();
    await refusal.waitFor();
    expect(creates).toEqual([]);
    await page.getByRole('button', { name: 'Leave it out' }).click();
    await page.getByRole('button', { name: 'Run', exact: true }).click();

    await finished(page, 'completed');
    expect(creates).toHaveLength(1);
  });

  test('the colour behind a transparent picture can be chosen, and the picture is sent with it', async () => {
    const page = await openForm();
    await drop(page, 'logo.png', 'image/png', await shape(600, 500, 0).png().toBuffer());
    const choice = page.getByLabel('Behind the transparent parts');
    await choice.waitFor();
    expect(await choice.inputValue()).toBe('white');

    await choice.focus();
    await choice.selectOption('black');
    await page.getByText('Transparent parts are black now.').waitFor();
    expect(await page.evaluate('document.activeElement.tagName')).toBe('SELECT');
    expect(await violations(page)).toEqual([]);
    await run(page, 'Make it snow');
    await finished(page, 'completed');

    const [input] = (await lastTask()).request.inputs;
    const sent = Buffer.from(await (await fetch(input.link)).arrayBuffer());
    const { channels } = await sharp(sent).stats();
    expect(Math.max(...channels.map(({ max }) => max))).toBeLessThan(8);
  });

  test('a phone is offered its camera, and a computer is not', async () => {
    const url = `${stack.url}/console`;
    const phone = await open({ url, key: stack.keys.apiKey, isMobile: true, hasTouch: true });
    await phone.getByRole('button', { name: 'Take a photo' }).first().waitFor();
    const input = phone.getByLabel('Picture: a photo', { exact: true });
    expect(await input.getAttribute('capture')).toBe('environment');
    await input.setInputFiles({ name: 'photo.jpg', mimeType: 'image/jpeg', buffer: sample });
    await phone.getByAltText('Chosen: photo.jpg').waitFor();

    const computer = await openForm();
    expect(await computer.getByRole('button', { name: 'Take a photo' }).count()).toBe(0);
  });

  test('of two pictures for one place the later one stays, and none arrives after a sign-out', async () => {
    const page = await openForm();
    // The first picture is read only when the test says so.
    await page.evaluate(`(() => {
      const decode = window.createImageBitmap;
      window.createImageBitmap = async (...args) => {
        window.createImageBitmap = decode;
        await new Promise((go) => { window.goOn = go; });
        const bitmap = await decode(...args);
        setTimeout(() => { window.isRead = true; }, 500);
        return bitmap;
      };
      window.holdNext = window.createImageBitmap;
    })()`);
    const isSet = (name: string) =>
      expect.poll(() => page.evaluate<boolean>(`Boolean(window.${name})`)).toBe(true);
    const goOn = async () => {
      await page.evaluate('window.goOn()');
      await isSet('isRead');
    };
    await drop(page, 'slow.jpg', 'image/jpeg', sample);
    await isSet('goOn');
    await drop(page, 'fast.jpg', 'image/jpeg', sample);
    await page.getByAltText('Chosen: fast.jpg').waitFor();
    await goOn();
    expect(await page.getByAltText('Chosen: fast.jpg').count()).toBe(1);

    await page.evaluate(
      'window.isRead = window.goOn = undefined; window.createImageBitmap = window.holdNext',
    );
    await drop(page, 'late.jpg', 'image/jpeg', sample);
    await isSet('goOn');
    await page.getByRole('button', { name: 'Sign out' }).click();
    await goOn();
    await signIn(page, stack.keys.apiKey);
    await page.locator('.slot').first().waitFor();
    expect(await page.getByAltText(/^Chosen: /).count()).toBe(0);
  });

  test('a picture that needs no repair is sent as it is', async () => {
    const page = await openForm();
    await drop(page, 'lighthouse.jpg', 'image/jpeg', sample);
    await run(page, 'Make it snow');
    await finished(page, 'completed');

    const [input] = (await lastTask()).request.inputs;
    const stored = await (await fetch(input.link)).arrayBuffer();
    expect(Buffer.from(stored).equals(sample)).toBe(true);
  });

  test.each([
    ['notes.jpg', Buffer.from('no picture at all'), 'no picture that a browser can read'],
    ['cut.jpg', sample.subarray(0, 40), 'damaged or cut off'],
    ['strip.png', 'strip', 'too long and narrow'],
  ])('%s is refused with advice', async (name, bytes, says) => {
    const page = await openForm();
    const file =
      bytes === 'strip' ? await shape(3000, 100, 1).png().toBuffer() : (bytes as Uint8Array);
    await drop(page, name, 'image/png', file);

    const alert = page.locator('.slot-error');
    await alert.waitFor();
    expect(await alert.textContent()).toContain(says);
    expect(await alert.textContent()).toContain(name);
  });

  test('the first missing field is named and gets the focus, and nothing is sent', async () => {
    const page = await openForm();
    const before = (await stack.call('GET', '/v1/tasks')).body.data.length;
    await page.getByRole('button', { name: 'Run', exact: true }).click();
    expect(await page.getByRole('alert').textContent()).toBe('Add a picture first.');

    await drop(page, 'lighthouse.jpg', 'image/jpeg', sample);
    await page.getByAltText('Chosen: lighthouse.jpg').waitFor();
    await page.getByRole('button', { name: 'Run', exact: true }).click();

    expect(await page.getByRole('alert').textContent()).toBe('Say what to do with it.');
    expect(await page.evaluate<string>('document.activeElement.name')).toBe('prompt');
    expect((await stack.call('GET', '/v1/tasks')).body.data).toHaveLength(before);
  });

  test('a text that is too long is counted as the API counts, is not cut off, and is not sent', async () => {
    const page = await openForm();
    const before = (await stack.call('GET', '/v1/tasks')).body.data.length;
    await drop(page, 'lighthouse.jpg', 'image/jpeg', sample);
    await page.getByAltText('Chosen: lighthouse.jpg').waitFor();
    const refusal = (text: string) => page.getByRole('alert').getByText(text).waitFor();
    const long = '<img src=x>'.repeat(931).slice(0, 10_240);
    await run(page, long);
    await refusal('The prompt is too long.');
    await page.getByText('8240 characters too long').waitFor();
    expect(await page.getByLabel('What to do with it').inputValue()).toBe(long);
    expect(await page.locator('img[src=x]').count()).toBe(0);

    const negative = page.getByLabel('What should not be in it');
    await page.getByText('More', { exact: true }).click();
    await negative.focus();
    // Like a paste: replaces the selected text, as far as the field takes the new one.
    await page.keyboard.insertText('😀'.repeat(500));
    expect(await negative.inputValue()).toBe('😀'.repeat(500));
    await page.getByText('500 of 500 characters').waitFor();
    await page.keyboard.insertText('!');
    await page.getByText('1 characters too long').waitFor();
    await page.getByText('More', { exact: true }).click();
    await run(page, 'Make it snow');
    await refusal('The text about what should not be in it is too long.');
    expect(await page.evaluate('document.activeElement.name')).toBe('negative_prompt');

    await negative.fill('');
    await page.getByLabel('Metadata').fill('{"order": 4711}');
    await page.getByRole('button', { name: 'Run', exact: true }).click();
    await refusal('Metadata that begins with { must be a JSON object of texts.');
    expect((await stack.call('GET', '/v1/tasks')).body.data).toHaveLength(before);
  });

  test('a task that failed says why, that it cost nothing and what to do, and can be run again', async () => {
    controlProvider(stack, { outcome: 'failed', code: 'DataInspectionFailed', times: 1 });
    const page = await openForm();
    await drop(page, 'lighthouse.jpg', 'image/jpeg', sample);
    await page.getByText('More', { exact: true }).click();
    // Metadata that cannot be written as lines of `name: value`.
    const metadata = { 'a:b': 'c', n: 'x\ny' };
    await page.getByLabel('Metadata').fill(JSON.stringify(metadata));
    await run(page, 'Something that is not allowed');
    await finished(page, 'failed');

    const reason = await page.locator('.remedy').textContent();
    expect(reason).toContain(' · 0 credits');
    expect(reason).toContain('Say it in other words, or use another picture.');

    await page.getByRole('link', { name: 'Details' }).click();
    // The picture is shown first, so the browser has it in its cache without the headers of CORS.
    await page
      .getByAltText('Input 1')
      .evaluate((image: { decode(): Promise<void> }) => image.decode());
    await page.getByRole('button', { name: 'Correct and run again' }).click();
    await page.getByAltText('Chosen: picture 1').waitFor();
    expect(await page.getByLabel('What to do with it').inputValue()).toBe(
      'Something that is not allowed',
    );
    await run(page, 'Make it snow');
    await finished(page, 'completed');
    expect((await lastTask()).metadata).toEqual(metadata);
  });
});
