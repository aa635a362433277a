/** Something in a request that DynamoDB does not take. The message is AWS's, for a `ValidationException`. */
export class InvalidInput extends Error {
  override name = "InvalidInput";
}
