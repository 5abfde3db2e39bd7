import { afterAll, vi } from 'vitest';

/** Collects the log lines that are written from here on, instead of printing them, until the test file ends. */
export function lines() {
  const written: string[] = [];
  const spies = [process.stdout, process.stderr].map((stream) =>
    vi.spyOn(stream, 'write').mockImplementation((chunk) => {
      written.push(...String(chunk).trimEnd().split('\n'));
      return true;
    }),
  );
  afterAll(() => {
    for (const spy of spies) spy.mockRestore();
  });
  return {
    text: () => written.join('\n'),
    last: (): unknown => JSON.parse(written.at(-1) ?? 'null'),
  };
}
