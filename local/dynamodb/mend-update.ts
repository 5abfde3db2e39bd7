import * as z from 'zod';
import type { Json } from './json.ts';

// One clause of an UpdateExpression as dynalite parses it.
const Clause = z.looseObject({
  type: z.string(),
  path: z.array(z.union([z.string(), z.number()])),
  val: z.unknown().optional(),
  attrType: z.string().nullish(),
});
const Checked = z.looseObject({ _updates: z.looseObject({ sections: z.array(Clause) }) });

type Section = z.infer<typeof Clause>;

/**
 * DynamoDB reads all of an update's operands and positions before it writes anything; dynalite goes
 * clause by clause. These are its clauses in a form and an order that make no difference.
 */
export function mendUpdate(checked: Json): Json {
  const { data } = Checked.safeParse(checked);
  if (!data) return checked;
  const sections = data._updates.sections.map(addAsSet).sort(removalsLastFromTheEnd);
  return { ...checked, _updates: { ...data._updates, sections } };
}

// dynalite's ADD changes a number in place, and with it what `SET copy = number` has just copied.
function addAsSet(section: Section): Section {
  const { type, path, val, attrType } = section;
  if (type !== 'add' || attrType !== 'N') return section;
  const before = { type: 'function', name: 'if_not_exists', args: [path, { N: '0' }] };
  return { ...section, type: 'set', val: { type: 'add', args: [before, val] } };
}

// A removed list element moves those behind it.
const removalsLastFromTheEnd = (one: Section, other: Section): number =>
  one.type === 'remove' && other.type === 'remove'
    ? firstDifference(other.path, one.path)
    : Number(one.type === 'remove') - Number(other.type === 'remove');

function firstDifference(one: Section['path'], other: Section['path']): number {
  const at = one.findIndex((step, index) => step !== other[index]);
  const [left, right] = [one[at], other[at]];
  return typeof left === 'number' && typeof right === 'number' ? left - right : 0;
}
