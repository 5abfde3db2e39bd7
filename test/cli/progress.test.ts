import { stripVTControlCharacters } from 'node:util';
import { describe, expect, onTestFinished, test } from 'vitest';
import { progress } from '../../cli/progress.ts';

function world({ isTTY = true, columns = 80, env = {} } = {}) {
  const written: string[] = [];
  const clock = { now: 0 };
  const screen = { isTTY, columns, write: (text: string) => written.push(text) };
  const shown = progress({ screen, env, now: () => clock.now });
  onTestFinished(() => shown.end());
  return { ...shown, clock, written };
}

const stages = [
  { stage: 'starting' },
  { stage: 'uploading' },
  { stage: 'queued' },
  { stage: 'queued' },
  { stage: 'painting', percent: 5 },
  { stage: 'painting', percent: 42 },
  { stage: 'saving' },
] as const;

describe('on a terminal', () => {
  test('one line is drawn over and over', () => {
    const { clock, show, written } = world();

    for (const stage of stages) {
      show(stage);
      clock.now += 1500;
    }

    expect(written.every((text) => text.startsWith('\r\x1b[2K') && !text.includes('\n'))).toBe(
      true,
    );
    expect(written.map(stripVTControlCharacters).map((text) => text.trim())).toEqual([
      '────────────────────────   0%  starting the local runtime  0 s',
      '────────────────────────   0%  uploading  1 s',
      '────────────────────────   0%  queued  3 s',
      '────────────────────────   0%  queued  4 s',
      '━───────────────────────   5%  painting  6 s',
      '━━━━━━━━━━──────────────  42%  painting  7 s',
      '━━━━━━━━━━━━━━━━━━━━━━━━ 100%  saving  9 s',
    ]);
  });

  test('the line is gone at the end', () => {
    const { end, show, written } = world();

    show({ stage: 'saving' });
    end();

    expect(written.at(-1)).toBe('\r\x1b[2K');
  });

  test('there are colours, unless NO_COLOR is set', () => {
    const coloured = world();
    const plain = world({ env: { NO_COLOR: '1' } });

    coloured.show({ stage: 'painting', percent: 50 });
    plain.show({ stage: 'painting', percent: 50 });

    expect(coloured.written.join('')).toContain('\x1b[36m');
    expect(plain.written.join('')).not.toContain('\x1b[3');
  });

  test.each([60, 40, 20, 10])('no line wraps in %i columns', (columns) => {
    const { show, written } = world({ columns });

    for (const stage of stages) show(stage);

    for (const text of written) {
      expect(stripVTControlCharacters(text).replace('\r', '').length).toBeLessThan(columns);
    }
  });

  test('that does not know its width the line is drawn as for 80 columns', () => {
    const { show, written } = world({ columns: 0 });

    show({ stage: 'queued' });

    expect(stripVTControlCharacters(written.join(''))).toMatch(/─{24} {3}0% {2}queued {2}0 s$/);
  });

  test.each([
    [-5, '0%'],
    [120, '100%'],
    [42.4, '42%'],
  ])('a percentage of %d is shown as %s', (percent, text) => {
    const { show, written } = world();

    show({ stage: 'painting', percent });

    expect(written.join('')).toContain(` ${text} `);
  });
});

describe.each([
  ['elsewhere', { isTTY: false }],
  ['on a dumb terminal', { env: { TERM: 'dumb' } }],
])('%s', (_, options) => {
  test('every stage is a line, once', () => {
    const { end, show, written } = world(options);

    for (const stage of stages) show(stage);
    end();

    expect(written.join('')).toBe(
      'starting the local runtime\nuploading\nqueued\npainting\nsaving\n',
    );
  });
});
