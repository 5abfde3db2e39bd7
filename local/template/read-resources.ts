import * as z from 'zod';
import { type Context, holds, resolve } from './intrinsics.ts';

type Found<S extends z.ZodRawShape> = {
  readonly id: string;
  readonly type: string;
  readonly properties: z.output<z.ZodObject<S>>;
};

/**
 * The resources of some types that the template's conditions keep. Only the properties in `shape`
 * are evaluated: roles, tags and the like may refer to what the laptop does not play.
 */
export function readResources<const S extends z.ZodRawShape>(
  context: Context,
  types: readonly string[],
  shape: S,
  isWanted: (id: string) => boolean = () => true,
): readonly Found<S>[] {
  const schema = z.object(shape);
  return Object.entries(context.template.resources)
    .filter(([id, { Type }]) => types.includes(Type) && isWanted(id))
    .filter(([, { Condition }]) => Condition === undefined || holds(Condition, context))
    .map(([id, { Type, Properties }]) => {
      const asked = Object.keys(shape)
        .filter((name) => name in Properties)
        .map((name) => [name, resolve(Properties[name], context, `${id}.${name}`)]);
      const parsed = schema.safeParse(Object.fromEntries(asked));
      if (parsed.success) return { id, type: Type, properties: parsed.data };
      throw new Error(`${id} (${Type}) is not playable: ${z.prettifyError(parsed.error)}`);
    });
}
