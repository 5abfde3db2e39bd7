import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';

const s3 = new S3Client();

/** Writes the receipt of an order to the bucket. */
export async function handler({ id, ...receipt }: { readonly id: string }) {
  const Key = `receipts/${id}.json`;
  const Body = JSON.stringify(receipt);
  await s3.send(new PutObjectCommand({ Bucket: process.env['RECEIPTS'], Key, Body }));
  return { key: Key };
}
