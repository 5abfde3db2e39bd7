import { useState } from 'react';

const storageName = 'darkroom.theme';
const themes = ['auto', 'light', 'dark'] as const;
type Theme = (typeof themes)[number];

const stored = (): Theme =>
  themes.find((theme) => theme === localStorage.getItem(storageName)) ?? 'auto';

function apply(theme: Theme): void {
  document.documentElement.dataset['theme'] = theme;
}
apply(stored());

/** Chooses light, dark, or the theme of the system. */
export function ThemeChoice() {
  const [theme, setTheme] = useState(stored);
  return (
    <label className="theme">
      <span className="caption">Theme</span>
      <select
        value={theme}
        onChange={({ currentTarget }) => {
          const chosen = themes.find((one) => one === currentTarget.value) ?? 'auto';
          localStorage.setItem(storageName, chosen);
          apply(chosen);
          setTheme(chosen);
        }}
      >
        <option value="auto">As the system</option>
        <option value="light">Light</option>
        <option value="dark">Dark</option>
      </select>
    </label>
  );
}
