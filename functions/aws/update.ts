import {
  ConditionalCheckFailedException,
  type DynamoDBClient,
  PutItemCommand,
  type PutItemCommandInput,
  TransactionConflictException,
  UpdateItemCommand,
  type UpdateItemCommandInput,
} from '@aws-sdk/client-dynamodb';
import { type NativeAttributeValue, unmarshall } from '@aws-sdk/util-dynamodb';

export type Row = Record<string, NativeAttributeValue>;

/** The row after the update, or, when the condition did not hold, the row that was in the way. */
export type Updated = { readonly done: boolean; readonly row: Row | undefined };

type Answered = 'ReturnValues' | 'ReturnValuesOnConditionCheckFailure';
type Output = { readonly Attributes?: Parameters<typeof unmarshall>[0] | undefined };

const tries = 5;
const pause = (attempt: number) => Math.random() * 20 * 2 ** attempt;

/** One conditional update. The loser of a race learns that it lost; it is not an error. */
export const update = (
  client: DynamoDBClient,
  input: Omit<UpdateItemCommandInput, Answered>,
): Promise<Updated> =>
  write(() =>
    client.send(
      new UpdateItemCommand({
        ...input,
        ReturnValues: 'ALL_NEW',
        ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
      }),
    ),
  );

/**
 * One conditional put; answers the row that was in the way, if one was. It may be our own: the client
 * sends a write again whose answer was lost.
 */
export const put = async (
  client: DynamoDBClient,
  input: Omit<PutItemCommandInput, Answered>,
): Promise<Row | undefined> => {
  const { row } = await write(() =>
    client.send(new PutItemCommand({ ...input, ReturnValuesOnConditionCheckFailure: 'ALL_OLD' })),
  );
  return row;
};

// Who meets a transaction on the same item waits for it to be over, which the SDK does not.
async function write(send: () => Promise<Output>): Promise<Updated> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await once(send);
    } catch (error) {
      if (!(error instanceof TransactionConflictException) || attempt === tries) throw error;
      await new Promise((resolve) => setTimeout(resolve, pause(attempt)));
    }
  }
}

async function once(send: () => Promise<Output>): Promise<Updated> {
  try {
    const { Attributes } = await send();
    return { done: true, row: Attributes && unmarshall(Attributes) };
  } catch (error) {
    if (!(error instanceof ConditionalCheckFailedException)) throw error;
    return { done: false, row: error.Item && unmarshall(error.Item) };
  }
}
