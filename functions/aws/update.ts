import {
  ConditionalCheckFailedException,
  type DynamoDBClient,
  TransactionConflictException,
  UpdateItemCommand,
  type UpdateItemCommandInput,
} from '@aws-sdk/client-dynamodb';
import { type NativeAttributeValue, unmarshall } from '@aws-sdk/util-dynamodb';

export type Row = Record<string, NativeAttributeValue>;

/** The row after the update, or, when the condition did not hold, the row that was in the way. */
export type Updated = { readonly done: boolean; readonly row: Row | undefined };

type Input = Omit<UpdateItemCommandInput, 'ReturnValues' | 'ReturnValuesOnConditionCheckFailure'>;

const tries = 5;
const pause = (attempt: number) => Math.random() * 20 * 2 ** attempt;

/**
 * One conditional update. The loser of a race learns that it lost; it is not an error. Who meets a
 * transaction on the same item waits for it to be over, which the SDK does not.
 */
export async function update(client: DynamoDBClient, input: Input): Promise<Updated> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await once(client, input);
    } catch (error) {
      if (!(error instanceof TransactionConflictException) || attempt === tries) throw error;
      await new Promise((resolve) => setTimeout(resolve, pause(attempt)));
    }
  }
}

async function once(client: DynamoDBClient, input: Input): Promise<Updated> {
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
