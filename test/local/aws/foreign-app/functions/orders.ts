import { randomUUID } from 'node:crypto';
import { DynamoDBClient, GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import type { APIGatewayProxyEventV2 } from 'aws-lambda';

const dynamoDb = new DynamoDBClient();
const stepFunctions = new SFNClient();
const { ORDERS: TableName, MACHINE: stateMachineArn } = process.env;

/** POST /orders stores an order and starts its workflow; GET /orders/{id} returns it. */
export async function handler(event: APIGatewayProxyEventV2) {
  if (event.routeKey === 'POST /orders') return create(JSON.parse(event.body ?? '{}'));
  const Key = marshall({ id: event.pathParameters?.['id'] });
  const { Item } = await dynamoDb.send(new GetItemCommand({ TableName, Key }));
  if (!Item) return { statusCode: 404, body: '{}' };
  return { statusCode: 200, body: JSON.stringify(unmarshall(Item)) };
}

async function create({ items }: { readonly items?: readonly object[] }) {
  const order = { id: randomUUID(), items, status: 'new' };
  await dynamoDb.send(new PutItemCommand({ TableName, Item: marshall(order) }));
  const input = JSON.stringify({ ...order, currency: 'EUR' });
  await stepFunctions.send(new StartExecutionCommand({ stateMachineArn, name: order.id, input }));
  return { statusCode: 201, body: JSON.stringify(order) };
}
