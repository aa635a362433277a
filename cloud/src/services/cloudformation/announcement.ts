import { findArn } from "../../aws/arn.ts";
import { NotEmulatedError } from "../../aws/error.ts";
import type { ServiceContext } from "../../service.ts";
import type { CloudFormationState, EventRecord } from "./state.ts";

/** What is told of a stack or of one of its resources. */
export interface Announcement {
  readonly stackId: string;
  readonly event: Pick<EventRecord, "logicalId" | "physicalId" | "type" | "status" | "reason" | "token" | "atMs">;
}

const RETRIES = 3;

/** Has EventBridge told of statuses, those of a stack one after the other. */
export function startAnnouncing(cx: ServiceContext<CloudFormationState>): void {
  const accept = cx.kernel.deliveries.register<Announcement>({
    name: "cloudformation.event",
    attempt: async ({ payload }, parent) => {
      const { account, region } = findArn(payload.stackId)!;
      const as = { kind: "service", service: "cloudformation.amazonaws.com" } as const;
      const Entries = [entryOf(payload)];
      await cx.call("events", "PutEvents", { Entries }, { as, scope: { account, region }, parent });
    },
    retryAfterMs: (error, { failures }) =>
      error instanceof NotEmulatedError || failures > RETRIES ? undefined : 1000 * 2 ** failures,
    exhausted: async () => undefined,
  });
  cx.state.announce = (announcement) => accept(announcement, { group: announcement.stackId });
}

/** AWS: "CloudFormation events detail reference": Stack and Resource Status Change. */
function entryOf({ stackId, event }: Announcement) {
  const { logicalId, physicalId, type, status, reason, token, atMs } = event;
  const isStack = physicalId === stackId;
  const ofResource = { "logical-resource-id": logicalId, "physical-resource-id": physicalId, "resource-type": type };
  return {
    Source: "aws.cloudformation",
    DetailType: `CloudFormation ${isStack ? "Stack" : "Resource"} Status Change`,
    Resources: [stackId],
    Time: new Date(atMs),
    Detail: JSON.stringify({
      "stack-id": stackId,
      ...(isStack ? {} : ofResource),
      "status-details": { status, "status-reason": reason ?? "" },
      "client-request-token": token ?? "",
    }),
  };
}
