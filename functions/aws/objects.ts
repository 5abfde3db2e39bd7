import { HeadObjectCommand, NotFound, type S3Client } from '@aws-sdk/client-s3';

type Place = { readonly Bucket: string; readonly Key: string };

/** What S3 says about an object, if there is one. Who asks may list the bucket, or what is missing looks forbidden. */
export async function headOf(client: S3Client, place: Place) {
  try {
    return await client.send(new HeadObjectCommand(place));
  } catch (error) {
    if (error instanceof NotFound) return undefined;
    throw error;
  }
}

export const hasObject = async (client: S3Client, place: Place): Promise<boolean> =>
  (await headOf(client, place)) !== undefined;
