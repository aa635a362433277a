/**
 * An order as a saga: note it, reserve the goods, take the money. Each step that was done is undone in reverse order when a
 * later one fails.
 */

export interface OrderParts {
  readonly productsTable: string;
  readonly ordersTable: string;
  readonly paymentUrl: string;
  readonly connectionArn: string;
}

const RETRY = [
  {
    ErrorEquals: [
      "DynamoDB.ProvisionedThroughputExceededException",
      "DynamoDB.InternalServerError",
      "States.Http.Socket",
    ],
    IntervalSeconds: 1,
    MaxAttempts: 3,
    BackoffRate: 2,
    JitterStrategy: "FULL",
  },
];

export function order({ productsTable, ordersTable, paymentUrl, connectionArn }: OrderParts): object {
  const key = { id: { S: "{% $orderId %}" } };
  const failed = (Next: string) => [
    {
      ErrorEquals: ["States.ALL"],
      Assign: { failure: "{% $states.errorOutput %}" },
      Output: "{% $states.input %}",
      Next,
    },
  ];
  const mark = (status: string, more: object) => ({
    Type: "Task",
    Resource: "arn:aws:states:::dynamodb:updateItem",
    Arguments: {
      TableName: ordersTable,
      Key: key,
      UpdateExpression: "SET #status = :status",
      ExpressionAttributeNames: { "#status": "status" },
      ExpressionAttributeValues: { ":status": { S: status } },
    },
    Output: "{% $states.input %}",
    Retry: RETRY,
    ...more,
  });
  const stock = (UpdateExpression: string, more: object) => ({
    Type: "Task",
    Resource: "arn:aws:states:::dynamodb:updateItem",
    Arguments: {
      TableName: productsTable,
      Key: { id: { S: "{% $states.input.body.productId %}" } },
      UpdateExpression,
      ExpressionAttributeValues: { ":quantity": { N: "{% $string($states.input.body.quantity) %}" } },
      ...more,
    },
    Output: "{% $states.input %}",
    Retry: RETRY,
  });
  return {
    QueryLanguage: "JSONata",
    StartAt: "Note the order",
    States: {
      "Note the order": {
        Type: "Task",
        Resource: "arn:aws:states:::dynamodb:putItem",
        Arguments: {
          TableName: ordersTable,
          Item: {
            id: { S: "{% $states.input.requestId %}" },
            productId: { S: "{% $states.input.body.productId %}" },
            quantity: { N: "{% $string($states.input.body.quantity) %}" },
            status: { S: "received" },
          },
        },
        Assign: { orderId: "{% $states.input.requestId %}" },
        Output: "{% $states.input %}",
        Retry: RETRY,
        Next: "Reserve the goods",
      },
      "Reserve the goods": {
        ...stock("SET stock = stock - :quantity", { ConditionExpression: "stock >= :quantity" }),
        Catch: failed("Cancel the order"),
        Next: "Take the money",
      },
      "Take the money": {
        Type: "Task",
        Resource: "arn:aws:states:::http:invoke",
        Arguments: {
          ApiEndpoint: paymentUrl,
          Method: "POST",
          Authentication: { ConnectionArn: connectionArn },
          RequestBody: { orderId: "{% $orderId %}", card: "{% $states.input.body.card %}" },
        },
        TimeoutSeconds: 5,
        Assign: { paymentId: "{% $states.result.ResponseBody.paymentId %}" },
        Output: "{% $states.input %}",
        // Not tried again: money must not be taken twice.
        Catch: failed("Give the goods back"),
        Next: "Confirm",
      },
      Confirm: mark("confirmed", {
        Output: { id: "{% $orderId %}", paymentId: "{% $paymentId %}", status: "confirmed" },
        End: true,
      }),
      "Give the goods back": { ...stock("SET stock = stock + :quantity", {}), Next: "Cancel the order" },
      "Cancel the order": mark("cancelled", { Next: "What failed" }),
      "What failed": {
        Type: "Choice",
        Choices: [
          { Condition: "{% $failure.Error = 'DynamoDB.ConditionalCheckFailedException' %}", Next: "Sold out" },
          { Condition: "{% $failure.Error = 'States.Http.StatusCode.402' %}", Next: "Payment declined" },
        ],
        Default: "Failed",
      },
      "Sold out": {
        Type: "Fail",
        Error: "SoldOut",
        Cause: "{% 'There are not enough of ' & $states.input.body.productId %}",
      },
      "Payment declined": {
        Type: "Fail",
        Error: "PaymentDeclined",
        Cause: "The payment was declined; nothing was ordered.",
      },
      Failed: { Type: "Fail", Error: "OrderFailed", Cause: "{% 'The order was undone: ' & $failure.Error %}" },
    },
  };
}
