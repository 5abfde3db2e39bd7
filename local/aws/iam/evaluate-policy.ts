/** One action that a request needs, named as in AWS's service authorization reference. */
export type RequiredAction = { readonly action: string; readonly resource: string };

/** The parts of a policy statement that the local stack evaluates. */
export type Statement = {
  readonly effect: 'Allow' | 'Deny';
  readonly actions: readonly string[];
  readonly resources: readonly string[];
};

/** A Deny outweighs every Allow; without an Allow the action is not allowed. */
export type Decision = 'allowed' | 'denied' | 'not allowed';

export function evaluatePolicy(
  statements: readonly Statement[],
  required: RequiredAction,
): Decision {
  const matching = statements.filter((statement) => isAbout(statement, required));
  if (matching.some(({ effect }) => effect === 'Deny')) return 'denied';
  return matching.length > 0 ? 'allowed' : 'not allowed';
}

const isAbout = (
  { actions, resources }: Statement,
  { action, resource }: RequiredAction,
): boolean =>
  actions.some((pattern) => matches(pattern.toLowerCase(), action.toLowerCase())) &&
  resources.some((pattern) => matchesArn(pattern, resource));

// A wildcard matches within one part of an ARN; only the last part may contain colons.
function matchesArn(pattern: string, arn: string): boolean {
  if (pattern === '*') return true;
  const [wanted, given] = [parts(pattern), parts(arn)];
  return (
    wanted.length === given.length &&
    wanted.every((part, index) => matches(part, given[index] ?? ''))
  );
}

function parts(arn: string): readonly string[] {
  const all = arn.split(':');
  return all.length <= 6 ? all : [...all.slice(0, 5), all.slice(5).join(':')];
}

const wildcards: Readonly<Record<string, string>> = { '*': '.*', '?': '.' };

function matches(pattern: string, text: string): boolean {
  // A shortcut: every call is checked against all statements of a role, and nearly all parts have no wildcard.
  if (!/[*?]/.test(pattern)) return pattern === text;
  const source = pattern.replace(/[\\^$.*+?()[\]{}|]/g, (char) => wildcards[char] ?? `\\${char}`);
  return new RegExp(`^${source}$`, 's').test(text);
}
