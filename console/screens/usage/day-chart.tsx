import { Foreign } from '../../parts/foreign.tsx';
import { number } from '../../parts/format.ts';

type Row = {
  readonly day?: string;
  readonly key_id?: string;
  readonly key_name?: string | null;
  readonly credits: number;
};

type Props = { readonly days: readonly string[]; readonly rows: readonly Row[] };

const maxKeys = 6;
const height = 160;
const gap = 0.25;
const other = 'other';

/** Credits by day, a bar each, stacked by key. The table below it has the numbers. */
export function DayChart({ days, rows }: Props) {
  const keys = largestKeys(rows);
  const spent = new Map<string, Map<string, number>>();
  for (const { day = '', key_id = '', credits } of rows) {
    const key = keys.some(({ id }) => id === key_id) ? key_id : other;
    const ofDay = spent.get(day) ?? new Map<string, number>();
    ofDay.set(key, (ofDay.get(key) ?? 0) + credits);
    spent.set(day, ofDay);
  }
  const totalOf = (day: string) => [...(spent.get(day)?.values() ?? [])].reduce((a, b) => a + b, 0);
  const highest = Math.max(...days.map(totalOf), 0.001);
  const order = [...keys.map(({ id }) => id), other];
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
          return order.map((key, colour) => {
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
        {keys.map(({ id, name }, colour) => (
          <li key={id}>
            <span className={`swatch series-${colour}`} aria-hidden="true" />
            <Foreign text={name} lines={1} />
          </li>
        ))}
      </ul>
    </figure>
  );
}

function largestKeys(rows: readonly Row[]) {
  const totals = new Map<string, { readonly id: string; readonly name: string; credits: number }>();
  for (const { key_id: id = '', key_name, credits } of rows) {
    const known = totals.get(id) ?? { id, name: key_name ?? id, credits: 0 };
    known.credits += credits;
    totals.set(id, known);
  }
  return [...totals.values()].sort((a, b) => b.credits - a.credits).slice(0, maxKeys);
}
