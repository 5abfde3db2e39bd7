declare module 'asl-validator' {
  type Verdict = { readonly isValid: boolean; readonly errorsText: () => string };
  const validate: (definition: object) => Verdict;
  export = validate;
}
