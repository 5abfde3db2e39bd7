/** An account's own row; its ledger entries lie behind it, in the order of their time. */
export const accountKey = (account: string) => ({ account, entry: 'account' });

/** The key of a ledger entry: what it is for makes it unique, so writing it twice is refused. */
export const entryKey = (account: string, at: number, what: string) => ({
  ...{ account, entry: `entry#${String(at).padStart(15, '0')}#${what}` },
});
