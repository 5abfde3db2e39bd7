/** The status of a callback, in words. */
export const deliveryTexts = {
  pending: 'Not sent yet',
  retrying: 'Not delivered yet; it is tried again',
  delivered: 'Delivered',
  undelivered: 'Given up: the receiver did not accept it',
} as const;
export type DeliveryStatus = keyof typeof deliveryTexts;
