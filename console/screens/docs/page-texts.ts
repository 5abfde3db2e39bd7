import { sectionOf } from './markdown.ts';

/** docs/errors.md without its title, which the screen has. */
export const errorsText = (errors: string): string => errors.replace(/^# .*\n/, '');

/** Sentences that only lead on to another page of the checkout, which is not served. */
const onwardLinks = /^(The reasons are in )?\[[^\]]+\]\([^)]+\)\.$/gm;

/** What README.md and docs/calling.md say to those who come from EvoLink. */
export const evolinkText = (readme: string, calling: string): string =>
  [
    sectionOf(readme, '## Coming from EvoLink'),
    '## In detail',
    sectionOf(calling, '## What differs from the hosted API'),
  ]
    .join('\n\n')
    .replaceAll(onwardLinks, '');
