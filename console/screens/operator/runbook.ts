import runbook from '../../../docs/runbook.md?raw';
import { sectionOf } from '../docs/markdown.ts';

/** What docs/runbook.md says about an alarm, as it was when the console was built. */
export const runbookOf = (alarm: string): string =>
  sectionOf(runbook, `### ${alarm}`).split('\n## ')[0]?.trim() ?? '';
