import * as z from 'zod';
import { Definition } from './definition.ts';
import { transitionProblems } from './transitions.ts';

const Whole = Definition.superRefine((definition, { addIssue }) => {
  for (const problem of transitionProblems(definition)) addIssue(problem);
});

/** @throws {Error} that names what is not supported, or what AWS would refuse, and in which state */
export function readDefinition(definition: unknown): Definition {
  const { success, data, error } = Whole.safeParse(definition);
  if (!success) throw new Error(`This machine would not work here:\n${z.prettifyError(error)}`);
  return data;
}
