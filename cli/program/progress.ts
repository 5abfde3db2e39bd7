import { styleText } from 'node:util';
import type { Update } from '../tasks/task-run.ts';
import { toSingleLine } from './terminal.ts';

/** What can be shown: the stages of a task, and the start of the demo's local stack before them. */
type Stage = Update | { readonly stage: 'starting' };

/** Shows the progress on a screen. `note` writes a line that stays, `end` removes the bar again. */
export type Progress = { show(stage: Stage): void; note(text: string): void; end(): void };

type Screen = {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
};

type Options = {
  readonly screen?: Screen;
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly now?: () => number;
  /** Only the notes are written. */
  readonly isQuiet?: boolean;
};

const captions: Readonly<Record<Stage['stage'], string>> = {
  starting: 'starting the local stack',
  uploading: 'uploading',
  queued: 'queued',
  generating: 'generating',
  saving: 'saving',
};

/** A bar on a terminal; elsewhere a line for every stage. */
export function createProgress({
  screen = process.stderr,
  env = process.env,
  now = Date.now,
  isQuiet = false,
}: Options = {}): Progress {
  if (isQuiet) return createQuiet(screen);
  const isTerminal = screen.isTTY && env['TERM'] !== 'dumb';
  return isTerminal ? createBar(screen, !env['NO_COLOR'], now) : createLines(screen);
}

const createQuiet = (screen: Screen): Progress => ({
  show() {},
  note(text) {
    screen.write(`${toSingleLine(text)}\n`);
  },
  end() {},
});

function createLines(screen: Screen): Progress {
  let last: string | undefined;
  return {
    show({ stage }) {
      if (stage !== last) screen.write(`${captions[stage]}\n`);
      last = stage;
    },
    note(text) {
      screen.write(`${toSingleLine(text)}\n`);
    },
    end() {},
  };
}

const clearLine = '\r\x1b[2K';

function createBar(screen: Screen, isColoured: boolean, now: () => number): Progress {
  const startedAt = now();
  let current: Stage | undefined;
  const draw = () => {
    if (!current) return;
    const seconds = Math.floor((now() - startedAt) / 1000);
    const line = formatLine(current, { seconds, isColoured, columns: screen.columns || 80 });
    screen.write(`${clearLine}${line}`);
  };
  // The seconds count on between two updates.
  const timer = setInterval(draw, 500).unref();
  return {
    show(stage) {
      current = stage;
      draw();
    },
    note(text) {
      screen.write(`${clearLine}${toSingleLine(text)}\n`);
      draw();
    },
    end() {
      clearInterval(timer);
      screen.write(clearLine);
    },
  };
}

type LineOptions = {
  readonly seconds: number;
  readonly isColoured: boolean;
  readonly columns: number;
};

function formatLine(current: Stage, { seconds, isColoured, columns }: LineOptions): string {
  const percent = percentOf(current);
  const caption = ` ${percent.toString().padStart(3)}%  ${captions[current.stage]}  ${seconds} s`;
  // A line that wraps could not be cleared again.
  const text = caption.slice(0, columns - 1);
  const width = Math.max(0, Math.min(24, columns - 1 - text.length));
  const filled = Math.round((width * percent) / 100);
  const done = '━'.repeat(filled);
  const rest = '─'.repeat(width - filled);
  if (!isColoured) return `${done}${rest}${text}`;
  const style = { validateStream: false };
  return `${styleText('cyan', done, style)}${styleText('dim', rest, style)}${text}`;
}

function percentOf(current: Stage): number {
  if (current.stage === 'generating') {
    return Math.round(Math.min(100, Math.max(0, current.percent)));
  }
  return current.stage === 'saving' ? 100 : 0;
}
