import * as z from 'zod';

const Ref = z.strictObject({ Ref: z.string() });
const GetAtt = z.strictObject({ 'Fn::GetAtt': z.tuple([z.string(), z.string()]) });
const Join = z.strictObject({ 'Fn::Join': z.tuple([z.string(), z.array(z.unknown())]) });
const Sub = z.strictObject({ 'Fn::Sub': z.string() });

const pseudo: Readonly<Record<string, string>> = {
  'AWS::Partition': 'aws',
  'AWS::Region': 'us-east-1',
  'AWS::AccountId': '000000000000',
};

/** A value of the template as a person would write it, with the names that `nameOf` gives to resources. */
export function readable(value: unknown, nameOf: (logicalId: string) => string): string {
  if (typeof value === 'string') return value;
  const ref = Ref.safeParse(value);
  if (ref.success) return pseudo[ref.data.Ref] ?? nameOf(ref.data.Ref);
  const attribute = GetAtt.safeParse(value);
  if (attribute.success) return ofAttribute(attribute.data['Fn::GetAtt'], nameOf);
  const join = Join.safeParse(value);
  if (join.success) {
    const [separator, parts] = join.data['Fn::Join'];
    return parts.map((part) => readable(part, nameOf)).join(separator);
  }
  const sub = Sub.safeParse(value);
  if (sub.success) {
    return sub.data['Fn::Sub'].replace(/\$\{([^}]+)\}/g, (_, id) => pseudo[id] ?? nameOf(id));
  }
  return JSON.stringify(value) ?? '';
}

const ofAttribute = ([id, attribute]: [string, string], nameOf: (id: string) => string) =>
  attribute === 'Arn' ? nameOf(id) : `${nameOf(id)}.${attribute}`;
