// @ts-nocheck: as it is in an application that knows no types
import { DynamoDBClient, GetItemCommand, PutItemCommand } from "@aws-sdk/client-dynamodb";

const client = new DynamoDBClient({});
const TableName = process.env.TABLE;

export const put = async ({ pathParameters: { id }, body }) => {
  await client.send(new PutItemCommand({ TableName, Item: { id: { S: id }, text: { S: body } } }));
  return { statusCode: 204 };
};

export const get = async ({ pathParameters: { id } }) => {
  const { Item } = await client.send(new GetItemCommand({ TableName, Key: { id: { S: id } } }));
  return Item ? { statusCode: 200, body: Item.text.S } : { statusCode: 404 };
};
