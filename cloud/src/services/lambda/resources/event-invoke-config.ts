import { defineResource } from "../../../deploy/resource.ts";

interface EventInvokeProps {
  FunctionName: string;
  Qualifier: string;
  MaximumEventAgeInSeconds?: number;
  MaximumRetryAttempts?: number;
  DestinationConfig?: { OnSuccess?: { Destination: string }; OnFailure?: { Destination: string } };
}

export const eventInvokeConfig = defineResource<EventInvokeProps>({
  type: "AWS::Lambda::EventInvokeConfig",
  honours: {
    FunctionName: true,
    Qualifier: true,
    MaximumEventAgeInSeconds: true,
    MaximumRetryAttempts: true,
    DestinationConfig: true,
  },
  replaceOn: ["FunctionName", "Qualifier"],
  async create(cx, props) {
    await cx.call("lambda", "PutFunctionEventInvokeConfig", props);
    return { physicalId: `${props.FunctionName}|${props.Qualifier}` };
  },
  async update(cx, { props }) {
    // Put replaces the whole configuration, so that what the template no longer has is gone.
    await cx.call("lambda", "PutFunctionEventInvokeConfig", props);
  },
  async delete(cx, { props: { FunctionName, Qualifier } }) {
    await cx.call("lambda", "DeleteFunctionEventInvokeConfig", { FunctionName, Qualifier });
  },
});
