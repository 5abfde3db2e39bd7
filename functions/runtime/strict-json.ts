import { formatPath, Problem } from '../domain/model/problem.ts';

/** Deeper than any request needs. */
const maxLevels = 32;
const maxNameLength = 64;

// The text is known to be JSON, so what lies between these tokens is numbers, literals and white space.
const tokens = /"[^"\\]*(?:\\.[^"\\]*)*"|[{}[\],]/g;

/** An object or a list that the reader is in. An object without a current name expects one next. */
type Level =
  | { readonly kind: 'object'; readonly names: Set<string>; name: string | undefined }
  | { readonly kind: 'list'; index: number };

/**
 * Parses JSON that every reader understands in the same way, and that is stored as it was sent: a name
 * occurs once in its object, and no text holds what DynamoDB or a provider would change or reject.
 *
 * `JSON.parse` makes the value; then one walk over the tokens keeps the levels that enclose each of
 * them. In `{"a": [1, {"b": 2}]}` the token `"b"` has the levels
 * `object a › list 1 › object b`, so a problem with it names the field `a[1].b`.
 * @throws {Problem} `invalid_request`, naming the field that is wrong
 */
export function strictJson(text: string): unknown {
  const value = parseJson(text);
  const levels: Level[] = [];
  for (const [token] of text.matchAll(tokens)) {
    const level = levels.at(-1);
    switch (token) {
      case '{':
        openLevel({ kind: 'object', names: new Set(), name: undefined }, levels);
        break;
      case '[':
        openLevel({ kind: 'list', index: 0 }, levels);
        break;
      case '}':
      case ']':
        levels.pop();
        break;
      case ',':
        if (level?.kind === 'object') level.name = undefined;
        if (level?.kind === 'list') level.index += 1;
        break;
      default:
        checkText(unquote(token), levels);
    }
  }
  return value;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new Problem('invalid_request', 'The body is not valid JSON.', { cause });
  }
}

const unquote = (token: string): string =>
  token.includes('\\') ? String(JSON.parse(token)) : token.slice(1, -1);

function openLevel(level: Level, levels: Level[]): void {
  if (levels.length === maxLevels) {
    throw new Problem(
      'invalid_request',
      `The body must not be nested deeper than ${maxLevels} levels.`,
    );
  }
  levels.push(level);
}

function checkText(text: string, levels: readonly Level[]): void {
  if (!text.isWellFormed() || text.includes('\0')) {
    throw problemAt(levels, 'holds a NUL character or half of a surrogate pair: send it without');
  }
  const level = levels.at(-1);
  if (level?.kind !== 'object' || level.name !== undefined) return;
  const isRepeated = level.names.has(text);
  level.names.add(text);
  level.name = text;
  if (isRepeated) throw problemAt(levels, 'stands twice in one object: send it once');
  // Assigning to this name would change the prototype of the object instead of adding a field.
  if (text === '__proto__') throw problemAt(levels, 'is a name that no field may have');
}

function problemAt(levels: readonly Level[], rule: string): Problem {
  const param = formatPath(levels.flatMap(partOf));
  return new Problem('invalid_request', `${param ?? 'The body'} ${rule}`, { param });
}

// A name is the caller's own text, and may be as long as the whole body.
function partOf(level: Level): readonly PropertyKey[] {
  if (level.kind === 'list') return [level.index];
  const { name } = level;
  if (name === undefined) return [];
  return [name.length <= maxNameLength ? name : `${name.slice(0, maxNameLength).toWellFormed()}…`];
}
