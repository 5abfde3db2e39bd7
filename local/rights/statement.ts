/** One thing that a request does, in the words of AWS's service authorization reference. */
export type Need = { readonly action: string; readonly resource: string };

/** A statement of a policy, as far as the laptop reads one. */
export type Statement = {
  readonly effect: 'Allow' | 'Deny';
  readonly actions: readonly string[];
  readonly resources: readonly string[];
};

/** A word against it outweighs every word for it, and no word is one against it. */
export type Verdict = 'allowed' | 'denied' | 'not allowed';

export function verdict(statements: readonly Statement[], need: Need): Verdict {
  const fitting = statements.filter((statement) => isAbout(statement, need));
  if (fitting.some(({ effect }) => effect === 'Deny')) return 'denied';
  return fitting.length > 0 ? 'allowed' : 'not allowed';
}

const isAbout = ({ actions, resources }: Statement, { action, resource }: Need): boolean =>
  actions.some((pattern) => fits(pattern.toLowerCase(), action.toLowerCase())) &&
  resources.some((pattern) => fitsArn(pattern, resource));

// A wildcard stays in its part of an ARN; only the last part may have colons of its own.
function fitsArn(pattern: string, arn: string): boolean {
  if (pattern === '*') return true;
  const [asked, given] = [parts(pattern), parts(arn)];
  return (
    asked.length === given.length && asked.every((part, index) => fits(part, given[index] ?? ''))
  );
}

function parts(arn: string): readonly string[] {
  const all = arn.split(':');
  return all.length <= 6 ? all : [...all.slice(0, 5), all.slice(5).join(':')];
}

const wildcards: Readonly<Record<string, string>> = { '*': '.*', '?': '.' };

function fits(pattern: string, text: string): boolean {
  const source = pattern.replace(/[\\^$.*+?()[\]{}|]/g, (char) => wildcards[char] ?? `\\${char}`);
  return new RegExp(`^${source}$`, 's').test(text);
}
