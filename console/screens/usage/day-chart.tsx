import { Foreign } from '../../parts/foreign.tsx';
import { number } from '../../parts/format.ts';
import { others, seriesOf } from './series.ts';

type Row = {
  readonly day?: string;
  readonly key_id?: string;
  readonly key_name?: string | null;
  readonly credits: number;
};

type Props = { readonly days: readonly string[]; readonly rows: readonly Row[] };

const height = 160;
const gap = 0.25;

/** Credits by day, a bar each, stacked by key. The table below it has the numbers. */
export function DayChart({ days, rows }: Props) {
  const series = seriesOf(rows);
  const spent = new Map<string, Map<string, number>>();
  for (const { day = '', key_id = '', credits } of rows) {
    const key = series.some(({ id }) => id === key_id) ? key_id : others;
    const ofDay = spent.get(day) ?? new Map<string, number>();
    ofDay.set(key, (ofDay.get(key) ?? 0) + credits);
    spent.set(day, ofDay);
  }
  const totalOf = (day: string) => [...(spent.get(day)?.values() ?? [])].reduce((a, b) => a + b, 0);
  const highest = Math.max(...days.map(totalOf), 0.001);
  return (
    <figure className="panel chart">
      <figcaption>
        Credits by day <span className="soft">(UTC)</span>, at most {number(highest)}
      </figcaption>
      <svg
        viewBox={`0 0 ${days.length} ${height}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={`Credits by day from ${days[0]} to ${days.at(-1)}. The table below has the numbers.`}
      >
        {days.map((day, at) => {
          let top = height;
          return series.map(({ id: key }, colour) => {
            const credits = spent.get(day)?.get(key) ?? 0;
            if (credits === 0) return null;
            const size = (credits / highest) * height;
            top -= size;
            return (
              <rect
                key={`${day} ${key}`}
                className={`series-${colour}`}
                x={at + gap / 2}
                y={top}
                width={1 - gap}
                height={size}
              >
                <title>{`${day}: ${number(credits)} credits`}</title>
              </rect>
            );
          });
        })}
      </svg>
      <p className="axis">
        <span>{days[0]}</span>
        <span>{days.at(-1)}</span>
      </p>
      <ul className="legend">
        {series.map(({ id, name }, colour) => (
          <li key={id}>
            <span className={`swatch series-${colour}`} aria-hidden="true" />
            <Foreign text={name} lines={1} />
          </li>
        ))}
      </ul>
    </figure>
  );
}
