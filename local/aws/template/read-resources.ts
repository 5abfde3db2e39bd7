import * as z from 'zod';
import { type Context, holds, resolve } from './intrinsics.ts';
import { nameProperty } from './physical-names.ts';

/** What the local stack knows of the properties of some resource types. Any other property is refused. */
export type ResourceSchema<S extends z.ZodRawShape = z.ZodRawShape> = {
  readonly types: readonly string[];
  /** The properties that are evaluated. A property that must be absent is `z.undefined(why)`. */
  readonly read: S;
  /** The properties that change nothing here, each with the reason. They are not even evaluated. */
  readonly ignored: Readonly<Record<string, string>>;
};

type Found<S extends z.ZodRawShape> = {
  readonly id: string;
  readonly type: string;
  readonly properties: z.output<z.ZodObject<S>>;
};

/** A field inside a property that changes nothing here, and why. */
export const ignored = (why: string) => z.unknown().optional().describe(why);

/**
 * The resources of some types whose condition is true. Only the properties that are read are evaluated:
 * tags and the like may refer to resources that the local stack does not run.
 * @throws {Error} that names the resource and its type when the local stack would not run it as AWS does
 */
export function readResources<const S extends z.ZodRawShape>(
  context: Context,
  schema: ResourceSchema<S>,
  isWanted: (id: string) => boolean = () => true,
): readonly Found<S>[] {
  const parser = z.object(schema.read);
  return Object.entries(context.template.resources)
    .filter(([id, { Type }]) => schema.types.includes(Type) && isWanted(id))
    .filter(([id]) => isDeployed(id, context))
    .map(([id, { Type, Properties }]) => {
      const properties = Object.keys(schema.read)
        .filter((name) => Object.hasOwn(Properties, name))
        .map((name) => [name, resolve(Properties[name], context, `${id}.${name}`)]);
      const parsed = parser.safeParse(Object.fromEntries(properties));
      if (parsed.success) return { id, type: Type, properties: parsed.data };
      throw new Error(`${id} (${Type}) cannot be emulated: ${z.prettifyError(parsed.error)}`);
    });
}

/** Whether the condition of a resource is true; one without a condition is always deployed. */
export function isDeployed(id: string, context: Context): boolean {
  const condition = context.template.resources[id]?.Condition;
  return condition === undefined || holds(condition, context);
}

/** The properties of a resource that the local stack does not know. */
export function unknownProperties(
  { read, ignored: withoutEffect }: ResourceSchema,
  type: string,
  properties: Readonly<Record<string, unknown>>,
): readonly string[] {
  const known = [...Object.keys(read), ...Object.keys(withoutEffect), nameProperty(type)];
  return Object.keys(properties).filter((name) => !known.includes(name));
}
