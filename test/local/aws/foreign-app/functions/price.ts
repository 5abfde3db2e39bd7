const cents: Readonly<Record<string, number>> = { apple: 50, pear: 80 };

type Priced = { readonly name: string; readonly quantity: number; readonly currency: string };

/** The price of one item. */
export const handler = async ({ name, quantity, currency }: Priced) => ({
  name,
  price: `${((cents[name] ?? 0) * quantity) / 100} ${currency}`,
});
