import { fileURLToPath } from "node:url";
import { App, CfnOutput, RemovalPolicy, Stack } from "aws-cdk-lib";
import { ApprovalWorkflow, type ApprovalWorkflowProps } from "./construct.ts";

/** Expenses: the manager approves, from 100,000 the director, too. What the shape's demo and tests run. */
export function buildSample(app: App, overrides: Partial<ApprovalWorkflowProps> = {}): Stack {
  const stack = new Stack(app, "approval-workflow", { description: "Katachi shape 4.3: approval of expenses" });
  const expenses = new ApprovalWorkflow(stack, "Expenses", {
    sender: "approvals@example.jp",
    levels: [
      { name: "manager", approver: "manager@example.jp", escalateTo: "deputy@example.jp" },
      { name: "director", approver: "director@example.jp", escalateTo: "president@example.jp", fromAmount: 100_000 },
    ],
    removalPolicy: RemovalPolicy.DESTROY,
    ...overrides,
  });
  new CfnOutput(stack, "Url", { value: expenses.url });
  new CfnOutput(stack, "TableName", { value: expenses.backend.table.tableName });
  new CfnOutput(stack, "StateMachineArn", { value: expenses.stateMachine.stateMachineArn });
  return stack;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const app = new App();
  buildSample(app);
  app.synth();
}
