import { AwsError } from "../../aws/error.ts";
import { defineResource, type ResourceType } from "../../deploy/resource.ts";
import { defineService, type ServiceDefinition } from "../../service.ts";
import type { World } from "./test-cloud.ts";

let made = 0;

/** Stands for a service whose creating operation must not be called twice. */
export const parameterService: ServiceDefinition = defineService({
  api: "ssm",
  iamPrefix: "ssm",
  state: () => ({}),
  operations: {
    DescribeParameters() {
      if (made > 0) throw new AwsError("ParameterAlreadyExists", "already exists");
      made++;
      return { NextToken: "made" };
    },
  },
  authorize: { DescribeParameters: () => ({ resource: "*" }) },
});

/** A resource that calls that operation, and may be cut short after. */
export function parameterType(world: World): ResourceType {
  return defineResource<{ Name: string }>({
    type: "Test::Tiny::Parameter",
    honours: { Name: true },
    async create(cx, props) {
      const answer = await cx.call("ssm", "DescribeParameters", {});
      await world.note(`create ${props.Name}`);
      world.log.push(`called DescribeParameters`);
      return { physicalId: answer.NextToken! };
    },
    async delete() {
      // Nothing is behind it.
    },
  });
}
