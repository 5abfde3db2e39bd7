declare module 'asl-validator' {
  type Result = { readonly isValid: boolean; readonly errorsText: () => string };
  const validate: (definition: object) => Result;
  export = validate;
}
