import { Duration, RemovalPolicy } from "aws-cdk-lib";
import { type ApprovalLevel, ApprovalWorkflow } from "../../approval-workflow/construct.ts";
import { type Adapter, NOTHING, object, tableResource, TEXT } from "../adapter.ts";

interface Options {
  readonly sender: string;
  readonly levels: readonly ApprovalLevel[];
  readonly deadlineHours?: number;
  readonly confirms?: boolean;
}

export const approvalWorkflow: Adapter = {
  options: object(
    {
      sender: { ...TEXT, description: "Address that the mails come from" },
      levels: {
        type: "array",
        minItems: 1,
        items: object({ name: TEXT, approver: TEXT, escalateTo: TEXT, fromAmount: { type: "number", minimum: 0 } }, [
          "name",
          "approver",
          "escalateTo",
        ]),
      },
      deadlineHours: { type: "number", exclusiveMinimum: 0 },
      confirms: { type: "boolean" },
    },
    ["sender", "levels"],
  ),
  sources: { ended: "ExecutionEnded", tableChanges: "TableChanges" },
  sinks: { workflow: "Workflow" },
  sample: () => ({
    sender: "approvals@example.com",
    levels: [{ name: "manager", approver: "manager@example.com", escalateTo: "deputy@example.com" }],
  }),
  build(scope, id, { deadlineHours, ...options }: Options, { isThrowaway }) {
    const construct = new ApprovalWorkflow(scope, id, {
      ...options,
      ...(deadlineHours === undefined ? {} : { deadline: Duration.minutes(deadlineHours * 60) }),
      ...(isThrowaway ? { removalPolicy: RemovalPolicy.DESTROY } : {}),
    });
    return {
      ...NOTHING,
      construct,
      sources: { ended: construct.ended, tableChanges: construct.backend.tableChanges },
      sinks: { workflow: construct.requests },
      functions: { ask: construct.ask, finish: construct.finish },
      resources: {
        table: tableResource(construct.backend.table),
        sender: {
          name: options.sender,
          access: { send: { actions: ["ses:SendEmail"], on: [construct.identity.emailIdentityArn] } },
        },
      },
      outputs: { Url: construct.url, TableName: construct.backend.table.tableName },
    };
  },
};
