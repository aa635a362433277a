import { describe, expect, it } from "vitest";
import { bridgeEvent, eventMessage, sequencer, type EventName, type Occurrence } from "./events.ts";
import type { Bucket, ObjectVersion } from "./state.ts";

const bucket = { name: "b", account: "000000000000", region: "eu-west-1", versioning: "Enabled" } as Bucket;
const object = {
  isMarker: false,
  key: "a b",
  versionId: "v1",
  bytes: 5,
  etag: "5d41402abc4b2a76b9719d911017c592",
  storageClass: "GLACIER",
  restore: { expiryMs: Date.parse("2026-02-01T00:00:00Z") },
} as unknown as ObjectVersion;
const marker = { isMarker: true, key: "a b", versionId: "v2" } as unknown as ObjectVersion;

function occurrence(event: EventName, version: ObjectVersion, more: Partial<Occurrence> = {}): Occurrence {
  return {
    event,
    bucket,
    version,
    sequence: 0x123abc,
    timeMs: Date.parse("2026-01-15T10:30:00Z"),
    principalId: "AWS:AIDAX",
    requester: "000000000000",
    sourceIp: "127.0.0.1",
    requestId: "REQUEST",
    parent: undefined,
    ...more,
  };
}

describe("an event for EventBridge", () => {
  it("is the documented one, its key as it is", () => {
    expect(bridgeEvent(occurrence("ObjectCreated:Put", object))).toEqual({
      detailType: "Object Created",
      detail: {
        version: "0",
        bucket: { name: "b" },
        object: {
          key: "a b",
          size: 5,
          etag: "5d41402abc4b2a76b9719d911017c592",
          "version-id": "v1",
          sequencer: "000000000000123ABC",
        },
        "request-id": "REQUEST",
        requester: "000000000000",
        "source-ip-address": "127.0.0.1",
        reason: "PutObject",
      },
    });
  });

  it("says how a deletion came about", () => {
    expect(bridgeEvent(occurrence("ObjectRemoved:Delete", object))).toMatchObject({
      detailType: "Object Deleted",
      detail: { reason: "DeleteObject", "deletion-type": "Permanently Deleted", object: { key: "a b" } },
    });
    expect(bridgeEvent(occurrence("ObjectRemoved:DeleteMarkerCreated", marker))).toMatchObject({
      detail: {
        "deletion-type": "Delete Marker Created",
        object: { etag: "d41d8cd98f00b204e9800998ecf8427e", "version-id": "v2" },
      },
    });
    const expired = occurrence("LifecycleExpiration:Delete", object, { sourceIp: "s3.amazonaws.com" });
    expect(bridgeEvent(expired)?.detail).toMatchObject({ reason: "Lifecycle Expiration" });
    expect(bridgeEvent(expired)?.detail).not.toHaveProperty("source-ip-address");
  });

  it("tells storage classes of transitions and restores", () => {
    expect(bridgeEvent(occurrence("LifecycleTransition", object))).toMatchObject({
      detailType: "Object Storage Class Changed",
      detail: { "destination-storage-class": "GLACIER" },
    });
    expect(bridgeEvent(occurrence("ObjectRestore:Completed", object))).toMatchObject({
      detailType: "Object Restore Completed",
      detail: { "source-storage-class": "GLACIER", "restore-expiry-time": "2026-02-01T00:00:00.000Z" },
    });
  });

  it("has no sequencer for tags and ACLs, and there is none for retention", () => {
    const { detail } = bridgeEvent(occurrence("ObjectTagging:Put", object))!;
    expect((detail as { object: object }).object).toEqual({
      key: "a b",
      etag: "5d41402abc4b2a76b9719d911017c592",
      "version-id": "v1",
    });
    expect(bridgeEvent(occurrence("ObjectRetention:Put", object))).toBeUndefined();
  });
});

describe("an event message", () => {
  it("of a completed restore tells how long it lasts", () => {
    const [record] = (
      JSON.parse(eventMessage(occurrence("ObjectRestore:Completed", object), "id")) as { Records: object[] }
    ).Records;
    expect(record).toMatchObject({
      eventName: "ObjectRestore:Completed",
      glacierEventData: {
        restoreEventData: {
          lifecycleRestorationExpiryTime: "2026-02-01T00:00:00.000Z",
          lifecycleRestoreStorageClass: "GLACIER",
        },
      },
    });
  });
});

describe("a sequencer", () => {
  it("orders as text as its numbers do", () => {
    const numbers = [0, 9, 10, 255, 2 ** 52];
    expect(numbers.map(sequencer).toSorted()).toEqual(numbers.map(sequencer));
  });
});
