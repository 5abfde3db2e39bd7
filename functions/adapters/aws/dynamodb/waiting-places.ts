import { randomUUID } from 'node:crypto';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';
import type { KeyOf } from '../../../domain/model/storage-names.ts';
import type { WaitingPlaces } from '../../../domain/tasks/wait-for-task.ts';
import { type Change, update, updateExpression } from './update.ts';

const conditions = {
  /** Nobody has had the place yet, its holder has freed it, or the lease is over. */
  isFree: '(attribute_not_exists(#leasedUntil) OR #leasedUntil <= :now)',
  isLeased: '#leasedUntil > :now',
  /** The place was not given to another holder in the meantime. */
  sameHolder: '#holder = :token',
  notTakenUp: 'attribute_not_exists(#takenUpAt)',
};

/** The places for requests that wait, in DynamoDB: one small row for each place. */
export function waitingPlaces(client: DynamoDBClient, table: string): WaitingPlaces {
  const write = async (place: string, change: Change): Promise<boolean> => {
    const { done } = await update(client, {
      TableName: table,
      Key: marshall({ keyId: rowId(place) } satisfies KeyOf<'Activity'>),
      ...updateExpression(change),
    });
    return done;
  };

  return {
    lease: async (places, now, leasedUntil) => {
      for (const place of places) {
        const token = `${place}-${randomUUID()}`;
        const isLeased = await write(String(place), {
          set: { holder: token, leasedUntil },
          remove: ['takenUpAt'],
          conditions: [conditions.isFree],
          values: { now },
        });
        if (isLeased) return token;
      }
      return undefined;
    },

    takeUp: (token, now, leasedUntil) =>
      write(placeOf(token), {
        set: { leasedUntil, takenUpAt: now },
        conditions: [conditions.sameHolder, conditions.isLeased, conditions.notTakenUp],
        values: { token, now },
      }),

    free: async (token) => {
      await write(placeOf(token), {
        remove: ['holder', 'leasedUntil', 'takenUpAt'],
        conditions: [conditions.sameHolder],
        values: { token },
      });
    },
  };
}

// The table has the activity of API keys too. No key has an id of this form.
const rowId = (place: string): string => `waiter#${place}`;

/** The token begins with the number of its place. */
const placeOf = (token: string): string => token.slice(0, token.indexOf('-'));
