import { type ReactNode, useId, useRef } from 'react';

type Props<Option extends string> = {
  readonly label: string;
  readonly options: readonly Option[];
  readonly chosen: Option;
  readonly onChoose: (option: Option) => void;
  readonly children: ReactNode;
};

/** Tabs after the pattern of ARIA: one of them is in the tab order, arrow keys go to the others. */
export function Tabs<Option extends string>({
  label,
  options,
  chosen,
  onChoose,
  children,
}: Props<Option>) {
  const id = useId();
  const list = useRef<HTMLDivElement>(null);
  const move = (key: string) => {
    const at = options.indexOf(chosen);
    const last = options.length - 1;
    const targets: Readonly<Record<string, number>> = {
      ArrowRight: at === last ? 0 : at + 1,
      ArrowLeft: at === 0 ? last : at - 1,
      Home: 0,
      End: last,
    };
    const target = targets[key];
    const option = target === undefined ? undefined : options[target];
    if (target === undefined || option === undefined) return false;
    onChoose(option);
    list.current?.querySelectorAll<HTMLElement>('[role=tab]')[target]?.focus();
    return true;
  };
  return (
    <>
      <div
        ref={list}
        className="tabs"
        role="tablist"
        aria-label={label}
        onKeyDown={(event) => {
          if (move(event.key)) event.preventDefault();
        }}
      >
        {options.map((option) => (
          <button
            key={option}
            type="button"
            role="tab"
            id={`${id}-${option}`}
            aria-selected={option === chosen}
            aria-controls={`${id}-panel`}
            tabIndex={option === chosen ? 0 : -1}
            onClick={() => onChoose(option)}
          >
            {option}
          </button>
        ))}
      </div>
      <div role="tabpanel" id={`${id}-panel`} aria-labelledby={`${id}-${chosen}`}>
        {children}
      </div>
    </>
  );
}
