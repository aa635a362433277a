import { findArn } from "../../aws/arn.ts";
import { AwsError } from "../../aws/error.ts";
import { defineResource, type Created, type Properties, type ResourceType } from "../../deploy/resource.ts";
import { isObject } from "../../deploy/template.ts";
import { awaitSignals, issueCallback, withdrawCallback } from "./callbacks.ts";
import { Cancelled, StepFailure } from "./failure.ts";
import type { CloudFormationState } from "./state.ts";
import type { OwnContext } from "./step-context.ts";

/** AWS: the longest answer, in bytes ("Custom resource response objects"). */
const RESPONSE_BYTES_MAX = 4096;
const TIMEOUT_SECONDS = 3600;

interface Answer {
  readonly Status?: unknown;
  readonly Reason?: unknown;
  readonly PhysicalResourceId?: unknown;
  readonly Data?: unknown;
}

type Request = {
  RequestType: "Create" | "Update" | "Delete";
  PhysicalResourceId?: string;
  OldResourceProperties?: unknown;
};

/** The type that stands for `AWS::CloudFormation::CustomResource` and every `Custom::*`: its lifecycle is a function's. */
export function customResource(state: CloudFormationState): ResourceType {
  return defineResource<Properties>({
    type: "AWS::CloudFormation::CustomResource",
    honours: {},
    async create(cx, props) {
      try {
        return await ask(cx as OwnContext, state, props, { RequestType: "Create" });
      } catch (error) {
        // AWS: the delete that follows a failed create names what the answer named, or a generated id.
        if ((cx as OwnContext).initiatedId === undefined) cx.initiated(idOf(error) ?? cx.physicalName());
        throw error;
      }
    },
    async update(cx, { physicalId, props, previous }) {
      return ask(cx as OwnContext, state, props, {
        RequestType: "Update",
        PhysicalResourceId: physicalId,
        OldResourceProperties: texts(previous),
      });
    },
    async delete(cx, { physicalId, props }) {
      await ask(cx as OwnContext, state, props, { RequestType: "Delete", PhysicalResourceId: physicalId });
    },
  });
}

class AnsweredFailure extends StepFailure {
  constructor(
    message: string,
    readonly physicalId: string | undefined,
  ) {
    super(message);
  }
}

function idOf(error: unknown): string | undefined {
  return error instanceof AnsweredFailure ? error.physicalId : undefined;
}

async function ask(cx: OwnContext, state: CloudFormationState, props: Properties, request: Request): Promise<Created> {
  const serviceToken = props["ServiceToken"];
  if (typeof serviceToken !== "string") throw new StepFailure("ServiceToken is required for a custom resource");
  const callback = issueCallback(cx, state, "custom-resource-response");
  const event = {
    ...request,
    ServiceToken: serviceToken,
    ResponseURL: callback.url,
    StackId: cx.stackId,
    RequestId: cx.token,
    LogicalResourceId: cx.logicalId,
    ResourceType: cx.resourceType,
    ResourceProperties: texts(props),
  };
  await send(cx, serviceToken, event);
  const seconds = Number(props["ServiceTimeout"] ?? TIMEOUT_SECONDS);
  const body = await awaitSignals(cx, state, callback.key, seconds, (bodies) => bodies[0]);
  withdrawCallback(state, callback.key);
  if (body === undefined && cx.signal.aborted) throw new Cancelled();
  if (body === undefined) throw new StepFailure(noAnswer(cx.token));
  return read(body, cx.token, request);
}

async function send(cx: OwnContext, serviceToken: string, event: object): Promise<void> {
  const target = findArn(serviceToken);
  const payload = JSON.stringify(event);
  try {
    if (target?.service === "lambda") {
      await cx.call("lambda", "Invoke", {
        FunctionName: serviceToken,
        InvocationType: "Event",
        Payload: Buffer.from(payload),
      });
      return;
    }
    if (target?.service === "sns") {
      await cx.call("sns", "Publish", {
        TopicArn: serviceToken,
        Message: payload,
        Subject: "AWS CloudFormation custom resource request",
      });
      return;
    }
  } catch (error) {
    // What is not there cannot be asked: that is a failure, also where the resource is to be deleted.
    if (error instanceof AwsError && error.status !== 501)
      throw new StepFailure(`${error.message} (RequestId: ${cx.token})`);
    throw error;
  }
  throw new StepFailure(`Invalid service token: ${serviceToken}`);
}

function read(body: string, token: string, request: Request): Created {
  if (Buffer.byteLength(body) > RESPONSE_BYTES_MAX) throw new StepFailure("Response object is too long.");
  let answer: Answer;
  try {
    answer = JSON.parse(body) as Answer;
  } catch {
    throw new StepFailure("Response is not valid JSON");
  }
  if (!isObject(answer)) throw new StepFailure("Response is not valid JSON");
  const physicalId =
    typeof answer.PhysicalResourceId === "string" && answer.PhysicalResourceId !== ""
      ? answer.PhysicalResourceId
      : undefined;
  if (answer.Status === "FAILED")
    throw new AnsweredFailure(
      `Received response status [FAILED] from custom resource. Message returned: ${String(answer.Reason ?? "")} (RequestId: ${token})`,
      physicalId,
    );
  if (answer.Status !== "SUCCESS")
    throw new AnsweredFailure("Invalid response: Status must be SUCCESS or FAILED", physicalId);
  if (physicalId === undefined && request.RequestType !== "Delete") throw new StepFailure("Invalid PhysicalResourceId");
  return {
    physicalId: physicalId ?? request.PhysicalResourceId!,
    attributes: isObject(answer.Data) ? answer.Data : {},
  };
}

/** AWS: custom resources are given texts where the template has numbers and truths. */
function texts(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(texts);
  if (isObject(value)) return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, texts(member)]));
  return typeof value === "number" || typeof value === "boolean" ? String(value) : value;
}

function noAnswer(token: string): string {
  return (
    `CloudFormation did not receive a response from your Custom Resource. Please check your logs for requestId [${token}]. ` +
    "If you are using the Python cfn-response module, you may need to update your Lambda function code so that CloudFormation can attach the updated version."
  );
}
