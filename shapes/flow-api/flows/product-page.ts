/** A product page out of four sources, asked at the same time; what does not answer in time is marked missing. */

export interface ProductPageParts {
  readonly tableName: string;
  readonly recommendFunctionArn: string;
  /** Addresses of the two HTTP APIs, with a slash at the end. */
  readonly reviewsUrl: string;
  readonly shippingUrl: string;
  readonly connectionArn: string;
  /** How long a source may take. @default 2 */
  readonly sourceSeconds?: number;
}

/** One source: a task, tried again once where that may help, and a value in its place where it fails. */
function source(name: string, task: object, seconds: number): object {
  return {
    StartAt: name,
    States: {
      [name]: {
        Type: "Task",
        ...task,
        TimeoutSeconds: seconds,
        Retry: [
          {
            ErrorEquals: ["Lambda.TooManyRequestsException", "States.Http.StatusCode.503", "States.Http.Socket"],
            IntervalSeconds: 1,
            MaxAttempts: 1,
            JitterStrategy: "FULL",
          },
        ],
        Catch: [
          { ErrorEquals: ["States.ALL"], Output: { missing: "{% $states.errorOutput.Error %}" }, Next: `No ${name}` },
        ],
        End: true,
      },
      [`No ${name}`]: { Type: "Pass", End: true },
    },
  };
}

export function productPage(parts: ProductPageParts): object {
  const { tableName, recommendFunctionArn, reviewsUrl, shippingUrl, connectionArn, sourceSeconds = 2 } = parts;
  const http = (url: string) => ({
    Resource: "arn:aws:states:::http:invoke",
    Arguments: {
      ApiEndpoint: `{% '${url}' & $encodeUrlComponent($states.context.Execution.Input.path.id) %}`,
      Method: "GET",
      Authentication: { ConnectionArn: connectionArn },
    },
    Output: { value: "{% $states.result.ResponseBody %}" },
  });
  return {
    QueryLanguage: "JSONata",
    StartAt: "All sources",
    States: {
      "All sources": {
        Type: "Parallel",
        Branches: [
          source(
            "Product",
            {
              Resource: "arn:aws:states:::dynamodb:getItem",
              Arguments: { TableName: tableName, Key: { id: { S: "{% $states.input.path.id %}" } } },
              Output: { value: "{% $exists($states.result.Item) ? $states.result.Item : null %}" },
            },
            sourceSeconds,
          ),
          source(
            "Recommendations",
            {
              Resource: "arn:aws:states:::lambda:invoke",
              Arguments: { FunctionName: recommendFunctionArn, Payload: { id: "{% $states.input.path.id %}" } },
              Output: { value: "{% $states.result.Payload %}" },
            },
            sourceSeconds,
          ),
          source("Reviews", http(reviewsUrl), sourceSeconds),
          source("Shipping", http(shippingUrl), sourceSeconds),
        ],
        Assign: { parts: "{% $states.result %}" },
        Output: "{% $states.input %}",
        Next: "Is there such a product",
      },
      "Is there such a product": {
        Type: "Choice",
        Choices: [
          { Condition: "{% $exists($parts[0].missing) %}", Next: "No product" },
          { Condition: "{% $parts[0].value = null %}", Next: "Unknown product" },
        ],
        Default: "Page",
      },
      Page: {
        Type: "Pass",
        Output: {
          id: "{% $states.input.path.id %}",
          name: "{% $parts[0].value.name.S %}",
          price: "{% $number($parts[0].value.price.N) %}",
          recommendations: "{% $exists($parts[1].missing) ? null : $parts[1].value %}",
          reviews: "{% $exists($parts[2].missing) ? null : $parts[2].value %}",
          shipping: "{% $exists($parts[3].missing) ? null : $parts[3].value %}",
          missing:
            "{% [$map(['recommendations', 'reviews', 'shipping'], function($name, $i) { $exists($parts[$i + 1].missing) ? $name })] %}",
        },
        End: true,
      },
      // The page is nothing without its product.
      "No product": {
        Type: "Fail",
        Error: "Unavailable",
        Cause: "{% 'The product cannot be read: ' & $parts[0].missing %}",
      },
      "Unknown product": {
        Type: "Fail",
        Error: "NotFound",
        Cause: "{% 'There is no product ' & $states.input.path.id %}",
      },
    },
  };
}
