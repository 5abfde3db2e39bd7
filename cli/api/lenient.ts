import * as z from 'zod';

/**
 * The schema of a declared response, as a client reads it: an object may have further fields, which are kept, and an enum
 * may have other values. So a newer API does not break this client. All other rules stay. The type names the values that
 * are known today.
 */
export const lenient = <S extends z.ZodType>(schema: S): z.ZodType<z.output<S>> =>
  // Each part still accepts all that it accepted before.
  loosen(schema) as z.ZodType<z.output<S>>;

function loosen(schema: z.core.$ZodType): z.core.$ZodType {
  if (schema instanceof z.ZodObject) {
    const shape = Object.entries<z.core.$ZodType>(schema.shape).map(
      ([name, field]) => [name, loosen(field)] as const,
    );
    return withDef(schema, { shape: Object.fromEntries(shape), catchall: z.unknown() });
  }
  // This includes discriminated unions.
  if (schema instanceof z.ZodUnion) {
    return withDef(schema, { options: schema.options.map(loosen) });
  }
  if (schema instanceof z.ZodArray) return withDef(schema, { element: loosen(schema.element) });
  if (schema instanceof z.ZodRecord) {
    return withDef(schema, { valueType: loosen(schema.valueType) });
  }
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodNullable) {
    return withDef(schema, { innerType: loosen(schema.unwrap()) });
  }
  return schema instanceof z.ZodEnum ? z.string() : schema;
}

/** The same schema, with its checks, and with other parts. */
const withDef = <S extends z.ZodType>(schema: S, parts: Partial<S['def']>): S =>
  schema.clone({ ...schema.def, ...parts });
