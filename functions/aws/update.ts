import {
  ConditionalCheckFailedException,
  type DynamoDBClient,
  UpdateItemCommand,
  type UpdateItemCommandInput,
} from '@aws-sdk/client-dynamodb';
import { type NativeAttributeValue, unmarshall } from '@aws-sdk/util-dynamodb';

export type Row = Record<string, NativeAttributeValue>;

/** The row after the update, or, when the condition did not hold, the row that was in the way. */
export type Updated = { readonly done: boolean; readonly row: Row | undefined };

/** One conditional update. The loser of a race learns that it lost; it is not an error. */
export async function update(
  client: DynamoDBClient,
  input: Omit<UpdateItemCommandInput, 'ReturnValues' | 'ReturnValuesOnConditionCheckFailure'>,
): Promise<Updated> {
  try {
    const { Attributes } = await client.send(
      new UpdateItemCommand({
        ...input,
        ReturnValues: 'ALL_NEW',
        ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
      }),
    );
    return { done: true, row: Attributes && unmarshall(Attributes) };
  } catch (error) {
    if (!(error instanceof ConditionalCheckFailedException)) throw error;
    return { done: false, row: error.Item && unmarshall(error.Item) };
  }
}
