import { formatPath, Problem } from '../domain/model/problem.ts';

/** Deeper than any request needs. */
const maxLevels = 32;
const maxNameLength = 64;

// The text is known to be JSON: texts, brackets, and numbers or literals. White space, commas and colons separate them.
const tokens = /"[^"\\]*(?:\\.[^"\\]*)*"|[{}[\]]|[^\s{}[\],:"]+/g;

/** An object or a list that the reader is in. An object without a current name expects one next. */
type Level =
  | { readonly kind: 'object'; readonly value: Record<string, unknown>; name: string | undefined }
  | { readonly kind: 'list'; readonly value: unknown[] };

/**
 * Parses JSON that every reader understands in the same way, and that is stored as it was sent: a name
 * occurs once in its object, and no text holds what DynamoDB or a provider would change or reject.
 *
 * `JSON.parse` decides whether the text is JSON. Its value is not used, because the V8 of Node 24 may take a name with an
 * escape for a name of an earlier request: after `{"\\":0}`, it reads `{"\n":0}` as `{"\\":0}` (nodejs/node issue 63785).
 * So one walk over the tokens makes the value. It knows the levels that enclose each token: in `{"a": [1, {"b": 2}]}` the
 * token `"b"` has the levels `object a › list 1 › object b`, so a problem with it names the field `a[1].b`.
 * @throws {Problem} `invalid_request`, naming the field that is wrong
 */
export function strictJson(text: string): unknown {
  checkSyntax(text);
  const levels: Level[] = [];
  let result: unknown;
  const add = (value: unknown) => {
    const level = levels.at(-1);
    if (level) addTo(level, value);
    else result = value;
  };
  for (const [token] of text.matchAll(tokens)) {
    switch (token) {
      case '{':
        openLevel({ kind: 'object', value: {}, name: undefined }, levels);
        break;
      case '[':
        openLevel({ kind: 'list', value: [] }, levels);
        break;
      case '}':
      case ']':
        add(levels.pop()?.value);
        break;
      default:
        readScalar(JSON.parse(token), levels, add);
    }
  }
  return result;
}

function checkSyntax(text: string): void {
  try {
    JSON.parse(text);
  } catch (cause) {
    throw new Problem('invalid_request', 'The body is not valid JSON.', { cause });
  }
}

function addTo(level: Level, value: unknown): void {
  if (level.kind === 'list') {
    level.value.push(value);
  } else if (level.name !== undefined) {
    level.value[level.name] = value;
    level.name = undefined;
  }
}

function openLevel(level: Level, levels: Level[]): void {
  if (levels.length === maxLevels) {
    throw new Problem(
      'invalid_request',
      `The body must not be nested deeper than ${maxLevels} levels.`,
    );
  }
  levels.push(level);
}

function readScalar(
  scalar: unknown,
  levels: readonly Level[],
  add: (value: unknown) => void,
): void {
  if (typeof scalar === 'string') checkText(scalar, levels);
  const level = levels.at(-1);
  if (level?.kind === 'object' && level.name === undefined)
    startField(level, String(scalar), levels);
  else add(scalar);
}

function checkText(text: string, levels: readonly Level[]): void {
  if (text.isWellFormed() && !text.includes('\0')) return;
  throw problemAt(levels, 'holds a NUL character or half of a surrogate pair: send it without');
}

function startField(
  level: Level & { kind: 'object' },
  name: string,
  levels: readonly Level[],
): void {
  const isRepeated = Object.hasOwn(level.value, name);
  level.name = name;
  if (isRepeated) throw problemAt(levels, 'stands twice in one object: send it once');
  // Assigning to this name would change the prototype of the object instead of adding a field.
  if (name === '__proto__') throw problemAt(levels, 'is a name that no field may have');
}

function problemAt(levels: readonly Level[], rule: string): Problem {
  const param = formatPath(levels.flatMap(partOf));
  return new Problem('invalid_request', `${param ?? 'The body'} ${rule}`, { param });
}

// A name is the caller's own text, and may be as long as the whole body.
function partOf(level: Level): readonly PropertyKey[] {
  if (level.kind === 'list') return [level.value.length];
  const { name } = level;
  if (name === undefined) return [];
  return [name.length <= maxNameLength ? name : `${name.slice(0, maxNameLength).toWellFormed()}…`];
}
