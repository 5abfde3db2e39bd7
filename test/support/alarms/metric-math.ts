/** The value of each metric in one period, by its id in the expression; undefined where there is no data. */
export type Values = Readonly<Record<string, number | undefined>>;

type Value = number | boolean | undefined;

/**
 * Evaluates an expression of metric math for one period. It knows what our alarms use: numbers, ids, arithmetic,
 * comparisons, `FILL(id, number)`, `IF(condition, yes, no)` and `SUM([…])`.
 * @returns undefined where CloudWatch would have no data point
 * @throws {Error} for everything that it does not know
 */
export function evaluateExpression(expression: string, values: Values): number | undefined {
  const tokens = tokensOf(expression);
  let position = 0;

  const peek = () => tokens[position];
  const next = () => tokens[position++];
  const expect = (token: string): void => {
    const found = next();
    if (found !== token) throw unknown(expression, `${found ?? 'its end'} instead of ${token}`);
  };

  const comparison = (): Value => {
    const left = sum();
    const compare = comparisons[peek() ?? ''];
    if (!compare) return left;
    next();
    const right = sum();
    return bothNumbers(left, right, compare);
  };
  const sum = (): Value => leftToRight(product, { '+': (a, b) => a + b, '-': (a, b) => a - b });
  // A division by zero is no data point.
  const product = (): Value =>
    leftToRight(term, { '*': (a, b) => a * b, '/': (a, b) => (b === 0 ? undefined : a / b) });

  const leftToRight = (operand: () => Value, operators: Operators): Value => {
    let value = operand();
    for (;;) {
      const operator = operators[peek() ?? ''];
      if (!operator) return value;
      next();
      value = bothNumbers(value, operand(), operator);
    }
  };

  const term = (): Value => {
    const token = next() ?? 'its end';
    if (token === '(') return closed(comparison());
    if (/^\d/.test(token)) return Number(token);
    if (!/^[A-Za-z]/.test(token)) throw unknown(expression, token);
    return peek() === '(' ? call(token) : metric(token);
  };
  const closed = (value: Value): Value => {
    expect(')');
    return value;
  };
  const metric = (id: string): number | undefined => {
    if (!(id in values)) throw unknown(expression, id);
    return values[id];
  };

  const call = (name: string): Value => {
    const read = functions[name];
    if (!read) throw unknown(expression, name);
    expect('(');
    return closed(read());
  };
  const functions: Readonly<Record<string, () => Value>> = {
    FILL: () => {
      const value = metric(next() ?? '');
      expect(',');
      const filling = Number(next());
      if (Number.isNaN(filling)) throw unknown(expression, 'FILL without a number');
      return value ?? filling;
    },
    IF: () => {
      const condition = comparison();
      expect(',');
      const yes = comparison();
      expect(',');
      const no = comparison();
      if (condition === undefined) return undefined;
      return condition ? yes : no;
    },
    SUM: () => {
      expect('[');
      let total = comparison();
      while (peek() === ',') {
        next();
        total = bothNumbers(total, comparison(), (a, b) => a + b);
      }
      expect(']');
      return total;
    },
  };

  const result = comparison();
  if (position < tokens.length) throw unknown(expression, `${peek()}`);
  // A comparison gives 1 or 0.
  return typeof result === 'boolean' ? Number(result) : result;
}

type Operator = (a: number, b: number) => number | boolean | undefined;
type Operators = Readonly<Record<string, Operator>>;

const comparisons: Operators = {
  '>=': (a, b) => a >= b,
  '<=': (a, b) => a <= b,
  '>': (a, b) => a > b,
  '<': (a, b) => a < b,
  '==': (a, b) => a === b,
};

const bothNumbers = (left: Value, right: Value, operator: Operator): Value =>
  left === undefined || right === undefined ? undefined : operator(Number(left), Number(right));

function tokensOf(expression: string): readonly string[] {
  const token = /\s*([A-Za-z]\w*|\d+(?:\.\d+)?|>=|<=|==|[-+*/()[\],<>])\s*/y;
  const tokens: string[] = [];
  while (token.lastIndex < expression.length) {
    const { lastIndex } = token;
    const [, found] = token.exec(expression) ?? [];
    if (found === undefined) throw unknown(expression, expression.slice(lastIndex));
    tokens.push(found);
  }
  return tokens;
}

const unknown = (expression: string, what: string): Error =>
  new Error(`"${expression}" has something that is not known here: ${what}`);
