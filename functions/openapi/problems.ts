import * as z from 'zod';
import { Problem, type ProblemCode, problemCodes } from '../task/problem.ts';
import { type Json, oneOf, pascalCase } from './json-schema.ts';
import { told } from './problem-words.ts';

export const whenAnswered = (code: ProblemCode): string => told[code].when;
export const statusOf = (code: ProblemCode): number => new Problem(code, '').status;

/** An answer with this code, as it would be. */
export function problemExample(code: ProblemCode): Json {
  const { message, param, figures = {} } = told[code];
  const details = Object.fromEntries(
    Object.entries(figures).map(([name, [, example]]) => [name, example]),
  );
  return new Problem(code, message, { param, details }).toJSON();
}

/** The schema of each error, by the name it has in the document. */
export const problemSchemas: Readonly<Record<string, z.ZodType>> = Object.fromEntries(
  problemCodes.map((code) => [problemName(code), problemSchema(code)]),
);

/** The schema of an answer with one of these codes. */
export const envelope = (codes: readonly ProblemCode[]): Json => ({
  ...{ type: 'object', required: ['error'], additionalProperties: false },
  properties: { error: oneOf('code', codes, problemName) },
});

function problemName(code: ProblemCode): string {
  return `${pascalCase(code)}Error`;
}

function problemSchema(code: ProblemCode): z.ZodType {
  const { when, figures = {} } = told[code];
  const { error } = new Problem(code, '').toJSON();
  return z
    .strictObject({
      code: z.literal(code).describe('What is wrong. Branch on this'),
      message: z.string().describe('For people; it may change'),
      type: z.literal(error.type),
      param: z.string().nullable().describe('The one field that is to blame, if there is one'),
      ...Object.fromEntries(Object.entries(figures).map(([name, [schema]]) => [name, schema])),
    })
    .describe(when);
}
