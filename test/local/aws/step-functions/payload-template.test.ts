import { expect, test } from 'vitest';
import { parseTemplate } from '../../../../local/aws/step-functions/payload-template.ts';

const scope = {
  data: { id: 'task-1', n: 3, tags: ['a'] },
  context: { Task: { Token: 'T' }, Execution: { Name: 'run' } },
};
const make = (template: unknown) => parseTemplate(template)(scope);

test('fields that end in .$ are replaced by the value at their path, at every depth', () => {
  expect(
    make({
      fixed: [1, { 'token.$': '$$.Task.Token' }],
      'whole.$': '$',
      nested: { 'n.$': '$.n', text: '$.n', nothing: null },
    }),
  ).toEqual({
    fixed: [1, { token: 'T' }],
    whole: scope.data,
    nested: { n: 3, text: '$.n', nothing: null },
  });
});

test.each([
  ["States.Format('{}/{}', $.id, $$.Execution.Name)", 'task-1/run'],
  ["States.Format('n is {}', $.n)", 'n is 3'],
  ["States.Format('{} {} {}', 'a, b', true, null)", 'a, b true null'],
  ['States.StringToJson(\'{"seconds": 20, "tags": ["a"]}\')', { seconds: 20, tags: ['a'] }],
  ["States.Format('{}', $.tags)", '["a"]'],
  ["States.Format('\\{{}\\}', 1)", '{1}'],
  ["States.Format('it\\'s')", "it's"],
  ["States.Format('{}', 'it\\'s \\{')", "it's {"],
  ["States.Format( '{}' , 1.5 )", '1.5'],
  ['States.Format($.id)', 'task-1'],
])('%s makes a text', (call, text) => {
  expect(make({ 'text.$': call })).toEqual({ text });
});

test.each([
  "States.Format('{} {}', $.id)",
  "States.Format('{}', $.id, $.n)",
  "States.Format('{')",
  'States.Format($.n)',
])('arguments that do not fit the format fail the state, and can be caught: %s', (call) => {
  expect(() => make({ 'text.$': call })).toThrow(
    expect.objectContaining({ name: 'States.IntrinsicFailure', isFinal: false }),
  );
});

test.each([
  [{ 'a.$': 'States.UUID()' }, 'the intrinsic function States.UUID is not supported'],
  [{ b: [{ 'a.$': "States.Array('x')" }] }, 'States.Array is not supported'],
  [
    { 'a.$': "States.Format('{}', States.UUID())" },
    "the argument States.UUID() of States.Format('{}', States.UUID()) is not supported",
  ],
  [{ 'a.$': 'States.Format()' }, 'has no arguments'],
  [{ 'a.$': "States.Format('x)" }, 'the arguments of'],
  [{ 'a.$': 'text' }, 'text is neither a path nor an intrinsic function'],
  [{ 'a.$': 3 }, 'the value of a.$ is not a path'],
  [{ 'a.$': '$.x[*]' }, 'the wildcard (*) is not supported'],
  [{ 'a.$': '$.x', a: 1 }, 'a field occurs twice'],
])('an unsupported template is refused when it is read: %j', (template, message) => {
  expect(() => parseTemplate(template)).toThrow(message);
});
