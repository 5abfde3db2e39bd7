import { stripVTControlCharacters } from 'node:util';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createProgress } from '../../cli/program/progress.ts';

function setUp({ isTTY = true, columns = 80, env = {} } = {}) {
  const written: string[] = [];
  const clock = { now: 0 };
  const screen = { isTTY, columns, write: (text: string) => written.push(text) };
  const progress = createProgress({ screen, env, now: () => clock.now });
  onTestFinished(() => progress.end());
  return { ...progress, clock, written };
}

const stages = [
  { stage: 'starting' },
  { stage: 'uploading' },
  { stage: 'queued' },
  { stage: 'queued' },
  { stage: 'generating', percent: 5 },
  { stage: 'generating', percent: 42 },
  { stage: 'saving' },
] as const;

describe('on a terminal', () => {
  test('one line is drawn again for every update', () => {
    const { clock, show, written } = setUp();

    for (const stage of stages) {
      show(stage);
      clock.now += 1500;
    }

    expect(written.every((text) => text.startsWith('\r\x1b[2K') && !text.includes('\n'))).toBe(
      true,
    );
    expect(written.map(stripVTControlCharacters).map((text) => text.trim())).toEqual([
      '────────────────────────   0%  starting the local stack  0 s',
      '────────────────────────   0%  uploading  1 s',
      '────────────────────────   0%  queued  3 s',
      '────────────────────────   0%  queued  4 s',
      '━───────────────────────   5%  generating  6 s',
      '━━━━━━━━━━──────────────  42%  generating  7 s',
      '━━━━━━━━━━━━━━━━━━━━━━━━ 100%  saving  9 s',
    ]);
  });

  test('the line is cleared at the end', () => {
    const { end, show, written } = setUp();

    show({ stage: 'saving' });
    end();

    expect(written.at(-1)).toBe('\r\x1b[2K');
  });

  test('there are colours, unless NO_COLOR is set', () => {
    const coloured = setUp();
    const plain = setUp({ env: { NO_COLOR: '1' } });

    coloured.show({ stage: 'generating', percent: 50 });
    plain.show({ stage: 'generating', percent: 50 });

    expect(coloured.written.join('')).toContain('\x1b[36m');
    expect(plain.written.join('')).not.toContain('\x1b[3');
  });

  test.each([60, 40, 20, 10])('no line wraps in %i columns', (columns) => {
    const { show, written } = setUp({ columns });

    for (const stage of stages) show(stage);

    expect(written).not.toEqual([]);
    for (const text of written) {
      expect(stripVTControlCharacters(text).replace('\r', '').length).toBeLessThan(columns);
    }
  });

  test('of unknown width the line is drawn for 80 columns', () => {
    const { show, written } = setUp({ columns: 0 });

    show({ stage: 'queued' });

    expect(stripVTControlCharacters(written.join(''))).toMatch(/─{24} {3}0% {2}queued {2}0 s$/);
  });

  test.each([
    [-5, '0%'],
    [120, '100%'],
    [42.4, '42%'],
  ])('a percentage of %d is shown as %s', (percent, text) => {
    const { show, written } = setUp();

    show({ stage: 'generating', percent });

    expect(written.join('')).toContain(` ${text} `);
  });
});

describe.each([
  ['elsewhere', { isTTY: false }],
  ['on a dumb terminal', { env: { TERM: 'dumb' } }],
])('%s', (_, options) => {
  test('every stage is printed as one line, once', () => {
    const { end, show, written } = setUp(options);

    for (const stage of stages) show(stage);
    end();

    expect(written.join('')).toBe(
      'starting the local stack\nuploading\nqueued\ngenerating\nsaving\n',
    );
  });
});
