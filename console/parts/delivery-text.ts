/** How a callback stands, in words. */
export const deliveryTexts = {
  pending: 'Not sent yet',
  retrying: 'Not delivered yet; it is tried again',
  delivered: 'Delivered',
  undelivered: 'Given up: nobody took it',
} as const;
export type DeliveryStatus = keyof typeof deliveryTexts;
