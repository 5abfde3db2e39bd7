import { Problem } from '../task/problem.ts';
import { placeIn } from './place.ts';

/** Deeper than any request needs. */
const mostLevels = 32;
const longestName = 64;

// The text is known to be JSON: what stands between these is numbers, words and white space.
const tokens = /"[^"\\]*(?:\\.[^"\\]*)*"|[{}[\],]/g;

/** An object or a list that the text is in; an object without a current name is about to have one. */
type Level =
  | { readonly names: Set<string>; name: string | undefined }
  | { readonly names: undefined; index: number };

/**
 * JSON that every reader reads alike, and that is stored as it was sent: each name stands once in its
 * object, no text holds what DynamoDB or a provider would change or refuse.
 * @throws {Problem} `invalid_request`, naming the field that is to blame
 */
export function strictJson(text: string): unknown {
  const value = parsed(text);
  const levels: Level[] = [];
  for (const [token] of text.matchAll(tokens)) follow(token, levels);
  return value;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new Problem('invalid_request', 'The body is not valid JSON.', { cause });
  }
}

function follow(token: string, levels: Level[]): void {
  if (token === '{') enter({ names: new Set(), name: undefined }, levels);
  else if (token === '[') enter({ names: undefined, index: 0 }, levels);
  else if (token === ',') goOn(levels.at(-1));
  else if (token === '}' || token === ']') levels.pop();
  else readText(token.includes('\\') ? String(JSON.parse(token)) : token.slice(1, -1), levels);
}

function enter(level: Level, levels: Level[]): void {
  if (levels.length === mostLevels) {
    throw new Problem(
      'invalid_request',
      `The body must not be nested deeper than ${mostLevels} levels.`,
    );
  }
  levels.push(level);
}

function goOn(level: Level | undefined): void {
  if (level?.names) level.name = undefined;
  else if (level) level.index += 1;
}

function readText(text: string, levels: readonly Level[]): void {
  const level = levels.at(-1);
  if (!text.isWellFormed() || text.includes('\0')) {
    throw refused(levels, 'holds a NUL character or half of a surrogate pair: send it without');
  }
  if (level?.names && level.name === undefined) readName(text, level, levels);
}

function readName(
  name: string,
  level: Extract<Level, { names: Set<string> }>,
  levels: readonly Level[],
): void {
  const isKnown = level.names.has(name);
  level.names.add(name);
  level.name = name;
  if (isKnown) throw refused(levels, 'stands twice in one object: send it once');
  // Assigning to it would change what an object is, so readers drop it or worse.
  if (name === '__proto__') throw refused(levels, 'is a name that no field may have');
}

function refused(levels: readonly Level[], rule: string): Problem {
  const param = placeIn(levels.flatMap(partOf));
  return new Problem('invalid_request', `${param ?? 'The body'} ${rule}`, { param });
}

// A name is the caller's own text, and may be as long as the whole body.
function partOf(level: Level): readonly PropertyKey[] {
  if (!level.names) return [level.index];
  const { name } = level;
  if (name === undefined || name.length <= longestName) return name === undefined ? [] : [name];
  return [`${name.slice(0, longestName).toWellFormed()}…`];
}
