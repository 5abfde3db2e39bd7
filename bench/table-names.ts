/** The names of the tables that the ledger writes to, in a synthesised stack. */
export function tableNamesOf(tables: readonly { readonly TableName: string }[]) {
  const nameOf = (part: string): string => {
    const found = tables.find(({ TableName }) => TableName.includes(`Tables${part}`));
    if (!found) throw new Error(`the stack has no table ${part}`);
    return found.TableName;
  };
  return {
    accounts: nameOf('Accounts'),
    keys: nameOf('Keys'),
    tasks: nameOf('Tasks'),
    idempotency: nameOf('Idempotency'),
  };
}

export type TableNames = ReturnType<typeof tableNamesOf>;
