import type { TestProject } from 'vitest/node';
import type { Template } from '../../local/aws/template/template.ts';
import { synthesiseTemplate } from '../support/template.ts';

declare module 'vitest' {
  interface ProvidedContext {
    template: Template;
  }
}

/** Synthesises once for all files of the suite. */
export function setup(project: TestProject): void {
  project.provide('template', synthesiseTemplate());
}
