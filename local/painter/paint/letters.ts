// Drawn, not written: a machine without fonts renders no <text>. Strokes on a grid 6 units high.
const letters: Readonly<Record<string, readonly [width: number, path: string]>> = {
  A: [4.4, 'M0 6L2.2 0L4.4 6M.8 4H3.6'],
  C: [4, 'M4 1.1Q3.4 0 2.1 0Q0 0 0 3Q0 6 2.1 6Q3.4 6 4 4.9'],
  D: [4, 'M0 0V6H1.5Q4 6 4 3Q4 0 1.5 0Z'],
  E: [3.4, 'M3.4 0H0V6H3.4M0 3H2.8'],
  G: [4, 'M4 1.1Q3.4 0 2.1 0Q0 0 0 3Q0 6 2.1 6Q4 6 4 3.3H2.3'],
  I: [0, 'M0 0V6'],
  L: [3.2, 'M0 0V6H3.2'],
  N: [4, 'M0 6V0L4 6V0'],
  O: [4.4, 'M2.2 0Q4.4 0 4.4 3Q4.4 6 2.2 6Q0 6 0 3Q0 0 2.2 0Z'],
  P: [3.8, 'M0 6V0H2Q3.8 0 3.8 1.7Q3.8 3.4 2 3.4H0'],
  R: [3.8, 'M0 6V0H2Q3.8 0 3.8 1.7Q3.8 3.4 2 3.4H0M2.1 3.4L3.8 6'],
  T: [4, 'M0 0H4M2 0V6'],
  V: [4.4, 'M0 0L2.2 6L4.4 0'],
  W: [6, 'M0 0L1.5 6L3 1.2L4.5 6L6 0'],
  ' ': [1.4, ''],
};
const gap = 2;

/** The strokes of a text with its left upper corner at 0, 0, and how wide it is when 6 units high. */
export function written(text: string): { readonly paths: string; readonly width: number } {
  let x = 0;
  const paths = [...text].map((letter) => {
    const [width, path] = letters[letter] ?? [0, ''];
    const placed = `<path transform="translate(${x.toFixed(1)} 0)" d="${path}"/>`;
    x += width + gap;
    return placed;
  });
  return { paths: paths.join(''), width: x - gap };
}
