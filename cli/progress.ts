import { styleText } from 'node:util';
import type { Update } from './generate.ts';

/** What can be shown: the stages of a task, and what the demo does before it. */
type Shown = Update | { readonly stage: 'starting' };

/** Shows how far things are, until `end` leaves the screen as it was found. */
export type Progress = { show(shown: Shown): void; end(): void };

type Screen = {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
};

type Options = {
  readonly screen?: Screen;
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly now?: () => number;
};

const words: Readonly<Record<Shown['stage'], string>> = {
  starting: 'starting the local runtime',
  uploading: 'uploading',
  queued: 'queued',
  painting: 'painting',
  saving: 'saving',
};

/** A bar on a terminal, a line for every stage elsewhere. */
export function progress({
  screen = process.stderr,
  env = process.env,
  now = Date.now,
}: Options = {}): Progress {
  const isTerminal = screen.isTTY && env['TERM'] !== 'dumb';
  return isTerminal ? bar(screen, !env['NO_COLOR'], now) : lines(screen);
}

function lines(screen: Screen): Progress {
  let last: string | undefined;
  return {
    show({ stage }) {
      if (stage !== last) screen.write(`${words[stage]}\n`);
      last = stage;
    },
    end() {},
  };
}

const blank = '\r\x1b[2K';

function bar(screen: Screen, coloured: boolean, now: () => number): Progress {
  const startedAt = now();
  let current: Shown | undefined;
  const draw = () => {
    if (!current) return;
    const seconds = Math.floor((now() - startedAt) / 1000);
    screen.write(`${blank}${line(current, { seconds, coloured, columns: screen.columns || 80 })}`);
  };
  // The seconds go on while nothing else does.
  const ticking = setInterval(draw, 500).unref();
  return {
    show(shown) {
      current = shown;
      draw();
    },
    end() {
      clearInterval(ticking);
      screen.write(blank);
    },
  };
}

type Look = { readonly seconds: number; readonly coloured: boolean; readonly columns: number };

function line(shown: Shown, { seconds, coloured, columns }: Look): string {
  const percent = percentOf(shown);
  const caption = ` ${percent.toString().padStart(3)}%  ${words[shown.stage]}  ${seconds} s`;
  // A line that wraps cannot be taken back.
  const text = caption.slice(0, columns - 1);
  const room = Math.max(0, Math.min(24, columns - 1 - text.length));
  const full = Math.round((room * percent) / 100);
  const [done, left] = ['━'.repeat(full), '─'.repeat(room - full)];
  if (!coloured) return `${done}${left}${text}`;
  const style = { validateStream: false };
  return `${styleText('cyan', done, style)}${styleText('dim', left, style)}${text}`;
}

function percentOf(shown: Shown): number {
  if (shown.stage === 'painting') return Math.round(Math.min(100, Math.max(0, shown.percent)));
  return shown.stage === 'saving' ? 100 : 0;
}
