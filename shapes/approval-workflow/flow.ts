/** A request on its way: asked level by level; who does not answer in time is escalated over; then the end is told. */

export interface ApprovalFlow {
  readonly askArn: string;
  readonly tableName: string;
  readonly finishArn: string;
  readonly deadlineSeconds: number;
  readonly levels: readonly {
    readonly name: string;
    readonly approver: string;
    readonly escalateTo: string;
    readonly fromAmount?: number;
  }[];
}

/** What may pass by itself. */
const RETRY = [
  {
    ErrorEquals: [
      "Lambda.ClientExecutionTimeoutException",
      "Lambda.ServiceException",
      "Lambda.AWSLambdaException",
      "Lambda.SdkClientException",
      "Lambda.TooManyRequestsException",
    ],
    IntervalSeconds: 2,
    MaxAttempts: 6,
    BackoffRate: 2,
    JitterStrategy: "FULL",
  },
];

/**
 * Input: `{ id, requester, title, amount }`, or a list with one, as pipes have it; a request that did not come through the
 * API is written down first.
 */
export function approvalFlow({ askArn, tableName, finishArn, deadlineSeconds, levels }: ApprovalFlow): object {
  const ask = (to: string, escalated: boolean, onTimeout: string) => ({
    Type: "Task",
    Resource: "arn:aws:states:::lambda:invoke.waitForTaskToken",
    Arguments: {
      FunctionName: askArn,
      Payload: {
        taskToken: "{% $states.context.Task.Token %}",
        request: "{% $request %}",
        step: `{% $string($level + 1) & '${escalated ? "e" : ""}' %}`,
        level: "{% $levels[$level].name %}",
        to: `{% $levels[$level].${to} %}`,
        escalated,
        deadlineSeconds,
      },
    },
    TimeoutSeconds: deadlineSeconds,
    Retry: RETRY,
    Catch: [
      { ErrorEquals: ["Rejected"], Assign: { outcome: "rejected" }, Next: "Tell the requester" },
      { ErrorEquals: ["States.Timeout"], ...(escalated ? { Assign: { outcome: "expired" } } : {}), Next: onTimeout },
    ],
    Assign: { level: "{% $level + 1 %}" },
    Next: "Is anybody left to ask",
  });
  return {
    QueryLanguage: "JSONata",
    Comment: "Approval by mail, with a deadline, escalation and several levels",
    StartAt: "Read the request",
    States: {
      "Read the request": {
        Type: "Pass",
        Output: `{% (
          $given := $type($states.input) = "array" ? $states.input[0] : $states.input;
          $merge([$given, {"amount": $number($given.amount)}])
        ) %}`,
        Next: "Keep the request",
      },
      "Keep the request": {
        Type: "Task",
        Resource: "arn:aws:states:::dynamodb:putItem",
        Arguments: {
          TableName: tableName,
          Item: {
            id: { S: "{% $states.input.id %}" },
            entry: { S: "request" },
            requester: { S: "{% $states.input.requester %}" },
            title: { S: "{% $states.input.title %}" },
            amount: { N: "{% $string($states.input.amount) %}" },
            status: { S: "pending" },
            submittedAt: { S: "{% $states.context.Execution.StartTime %}" },
          },
          ConditionExpression: "attribute_not_exists(id)",
        },
        Output: "{% $states.input %}",
        Retry: [{ ErrorEquals: ["DynamoDB.ThrottlingException"], IntervalSeconds: 1, MaxAttempts: 4, BackoffRate: 2 }],
        Catch: [
          {
            ErrorEquals: ["DynamoDB.ConditionalCheckFailedException"],
            Output: "{% $states.input %}",
            Next: "Who decides",
          },
        ],
        Next: "Who decides",
      },
      "Who decides": {
        Type: "Pass",
        Assign: {
          request: "{% $states.input %}",
          // Where nobody has to decide, JSONata would have nothing at all.
          levels: `{% $append([], ${JSON.stringify(levels)}[($exists(fromAmount) ? fromAmount : 0) <= $states.input.amount]) %}`,
          level: 0,
          outcome: "approved",
        },
        Next: "Is anybody left to ask",
      },
      "Is anybody left to ask": {
        Type: "Choice",
        Choices: [{ Condition: "{% $level < $count($levels) %}", Next: "Ask the approver" }],
        Default: "Tell the requester",
      },
      "Ask the approver": ask("approver", false, "Escalate"),
      Escalate: ask("escalateTo", true, "Tell the requester"),
      "Tell the requester": {
        Type: "Task",
        Resource: "arn:aws:states:::lambda:invoke",
        Arguments: { FunctionName: finishArn, Payload: { request: "{% $request %}", outcome: "{% $outcome %}" } },
        Output: { id: "{% $request.id %}", outcome: "{% $outcome %}" },
        Retry: RETRY,
        End: true,
      },
    },
  };
}
