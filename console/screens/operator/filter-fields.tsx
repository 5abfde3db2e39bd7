import { useEffect, useState } from 'react';

type ChoiceProps<Value extends string> = {
  readonly label: string;
  /** Text of each value. */
  readonly options: readonly (readonly [Value, string])[];
  readonly value: Value | undefined;
  readonly onChange: (value: string | undefined) => void;
  /** The text for no choice. */
  readonly otherwise?: string;
};

/** One of a few values, or any. */
export function FilterChoice<Value extends string>(props: ChoiceProps<Value>) {
  const { label, options, value, onChange, otherwise = 'any' } = props;
  return (
    <label>
      {label}
      <select
        value={value ?? ''}
        onChange={({ currentTarget }) => onChange(currentTarget.value || undefined)}
      >
        <option value="">{otherwise}</option>
        {options.map(([one, text]) => (
          <option key={one} value={one}>
            {text}
          </option>
        ))}
      </select>
    </label>
  );
}

type TextProps = {
  readonly label: string;
  readonly placeholder?: string;
  readonly value: string | undefined;
  readonly onChange: (value: string | undefined) => void;
};

/** A text that filters when the input is finished: with Enter, or when the field loses the focus. */
export function FilterText({ label, placeholder = 'any', value = '', onChange }: TextProps) {
  const [typed, type] = useState(value);
  useEffect(() => type(value), [value]);
  const finish = () => typed.trim() !== value && onChange(typed.trim() || undefined);
  return (
    <label>
      {label}
      <input
        type="search"
        autoComplete="off"
        spellcheck={false}
        placeholder={placeholder}
        value={typed}
        onInput={({ currentTarget }) => type(currentTarget.value)}
        onBlur={finish}
        onKeyDown={({ key }) => key === 'Enter' && finish()}
      />
    </label>
  );
}
