import { type App, CfnOutput, Stack } from "aws-cdk-lib";
import { EventBus, Rule } from "aws-cdk-lib/aws-events";
import { SfnStateMachine } from "aws-cdk-lib/aws-events-targets";
import { Queue } from "aws-cdk-lib/aws-sqs";
import { DefinitionBody, Pass, StateMachine, TaskInput } from "aws-cdk-lib/aws-stepfunctions";
import { SqsSendMessage } from "aws-cdk-lib/aws-stepfunctions-tasks";

/** What one stack makes another uses, by an export. */
export function build(app: App, generation: 1 | 2): void {
  const shared = new Stack(app, "cdk-shared");
  const bus = new EventBus(shared, "Bus");
  const queue = new Queue(shared, "Queue");
  const stack = new Stack(app, "cdk-user");
  const tell = new SqsSendMessage(stack, "Tell", { queue, messageBody: TaskInput.fromJsonPathAt("$.text") });
  const text = generation === 1 ? "first" : "second";
  const machine = new StateMachine(stack, "Machine", {
    definitionBody: DefinitionBody.fromChainable(
      new Pass(stack, "Text", { parameters: { text: TaskInput.fromText(text).value } }).next(tell),
    ),
  });
  const rule = new Rule(stack, "Rule", { eventBus: bus, eventPattern: { source: ["corpus.cdk"] } });
  rule.addTarget(new SfnStateMachine(machine));
  new CfnOutput(shared, "QueueUrl", { value: queue.queueUrl });
  new CfnOutput(shared, "BusName", { value: bus.eventBusName });
}
