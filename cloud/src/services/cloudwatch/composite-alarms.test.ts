import {
  CloudWatchClient,
  DeleteAlarmsCommand,
  DeleteDashboardsCommand,
  DescribeAlarmsCommand,
  GetDashboardCommand,
  ListDashboardsCommand,
  PutCompositeAlarmCommand,
  PutDashboardCommand,
  PutMetricAlarmCommand,
  SetAlarmStateCommand,
  type StateValue,
} from "@aws-sdk/client-cloudwatch";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Cloud, startCloud } from "../../cloud.ts";

let cloud: Cloud;
let client: CloudWatchClient;
const arn = (name: string) => `arn:aws:cloudwatch:us-east-1:000000000000:alarm:${name}`;

beforeAll(async () => {
  cloud = await startCloud({ ephemeral: true, clock: "frozen", startMs: Date.UTC(2026, 4, 1, 9) });
  client = cloud.client(CloudWatchClient, { maxAttempts: 1 });
  for (const AlarmName of ["cpu", "disk", "deploying"])
    await client.send(
      new PutMetricAlarmCommand({
        AlarmName,
        MetricName: AlarmName,
        Namespace: "Shop",
        Statistic: "Sum",
        Period: 60,
        EvaluationPeriods: 1,
        Threshold: 1,
        ComparisonOperator: "GreaterThanThreshold",
        TreatMissingData: "ignore",
      }),
    );
  await set("cpu", "OK");
  await set("disk", "OK");
});
afterAll(() => cloud.close());

const set = (AlarmName: string, value: StateValue) =>
  client.send(new SetAlarmStateCommand({ AlarmName, StateValue: value, StateReason: "test" }));
const put = (AlarmName: string, AlarmRule: string, more: object = {}) =>
  client.send(new PutCompositeAlarmCommand({ AlarmName, AlarmRule, ...more }));

async function composite(name: string) {
  const input = { AlarmNames: [name], AlarmTypes: ["CompositeAlarm" as const] };
  return (await client.send(new DescribeAlarmsCommand(input))).CompositeAlarms![0]!;
}

describe("composite alarms", () => {
  test("follow their children, and those that rest on them follow too", async () => {
    await put("hot", 'ALARM("cpu") AND NOT ALARM(deploying)', { AlarmDescription: "both" });
    await put("any", `ALARM(hot) OR ALARM("${arn("disk")}")`);
    expect(await composite("hot")).toMatchObject({
      AlarmRule: 'ALARM("cpu") AND NOT ALARM(deploying)',
      AlarmDescription: "both",
      StateValue: "OK",
      StateReason: `${arn("hot")} was created and its alarm rule evaluates to OK`,
    });
    await set("cpu", "ALARM");
    const hot = await composite("hot");
    expect(hot).toMatchObject({
      StateValue: "ALARM",
      StateReason: `${arn("cpu")} transitioned to ALARM at Friday 01 May, 2026 09:00:00 UTC`,
    });
    expect(JSON.parse(hot.StateReasonData!)).toEqual({
      triggeringAlarms: [{ arn: arn("cpu"), state: { value: "ALARM", timestamp: "2026-05-01T09:00:00.000+0000" } }],
    });
    expect(await composite("any")).toMatchObject({ StateValue: "ALARM" });
    await set("deploying", "ALARM");
    expect(await composite("hot")).toMatchObject({ StateValue: "OK" });
    expect(await composite("any")).toMatchObject({ StateValue: "OK" });
  });

  test("are found by type and by kinship", async () => {
    const find = async (input: object) => {
      const { MetricAlarms, CompositeAlarms } = await client.send(new DescribeAlarmsCommand(input));
      return [...MetricAlarms!, ...CompositeAlarms!].map(({ AlarmName }) => AlarmName);
    };
    expect(await find({})).toEqual(["cpu", "deploying", "disk"]);
    expect(await find({ AlarmTypes: ["CompositeAlarm"] })).toEqual(["any", "hot"]);
    expect(await find({ ChildrenOfAlarmName: "any" })).toEqual(["disk", "hot"]);
    expect(await find({ ParentsOfAlarmName: "hot" })).toEqual(["any"]);
    await expect(find({ ParentsOfAlarmName: "nobody" })).rejects.toMatchObject({ name: "ResourceNotFound" });
  });

  test("what is wrong is refused", async () => {
    await expect(put("bad", "ALARM(cpu")).rejects.toThrow(/Error in AlarmRule/);
    await expect(put("bad", " ALARM(cpu)")).rejects.toThrow(/leading or trailing whitespace/);
    await expect(put("bad", "ALARM(nobody) OR ALARM(cpu)")).rejects.toThrow(
      "Could not save the composite alarm as alarms [nobody] in the alarm rule do not exist",
    );
    await expect(put("hot", "ALARM(any)")).rejects.toThrow(/rests on the alarm hot itself/);
    await expect(put("cpu", "TRUE")).rejects.toThrow(/exists as a metric alarm/);
    await expect(put("bad", "TRUE", { ActionsSuppressor: "cpu" })).rejects.toMatchObject({ name: "NotImplemented" });
  });

  test("a child goes only with its parents", async () => {
    await expect(client.send(new DeleteAlarmsCommand({ AlarmNames: ["disk"] }))).rejects.toThrow(
      "Cannot delete disk as there are composite alarm(s) depending on it: any",
    );
    await client.send(new DeleteAlarmsCommand({ AlarmNames: ["any", "disk"] }));
  });
});

describe("dashboards", () => {
  const DashboardBody = JSON.stringify({
    widgets: [{ type: "text", width: 6, height: 6, properties: { markdown: "hi" } }],
  });
  const putBoard = (DashboardName: string, body = DashboardBody) =>
    client.send(new PutDashboardCommand({ DashboardName, DashboardBody: body }));

  test("are kept, listed and deleted", async () => {
    expect((await putBoard("board-a")).DashboardValidationMessages).toEqual([]);
    await putBoard("board-b");
    expect(await client.send(new GetDashboardCommand({ DashboardName: "board-a" }))).toMatchObject({
      DashboardArn: "arn:aws:cloudwatch::000000000000:dashboard/board-a",
      DashboardBody,
      DashboardName: "board-a",
    });
    const { DashboardEntries } = await client.send(new ListDashboardsCommand({ DashboardNamePrefix: "board-" }));
    expect(DashboardEntries).toEqual([
      {
        DashboardName: "board-a",
        DashboardArn: "arn:aws:cloudwatch::000000000000:dashboard/board-a",
        LastModified: cloud.clock.date(),
        Size: DashboardBody.length,
      },
      expect.objectContaining({ DashboardName: "board-b" }),
    ]);
    const remove = (...DashboardNames: string[]) => client.send(new DeleteDashboardsCommand({ DashboardNames }));
    await expect(remove("board-a", "nothing")).rejects.toMatchObject({ name: "ResourceNotFound" });
    await remove("board-a", "board-b");
    await expect(client.send(new GetDashboardCommand({ DashboardName: "board-a" }))).rejects.toMatchObject({
      name: "ResourceNotFound",
      message: "Dashboard board-a does not exist",
    });
  });

  test("bad bodies and names are refused", async () => {
    await expect(putBoard("bad", "{")).rejects.toMatchObject({
      name: "DashboardInvalidInputError",
      dashboardValidationMessages: [{ Message: "The field DashboardBody must be a valid JSON object" }],
    });
    await expect(putBoard("bad", '{"widgets":[{}]}')).rejects.toMatchObject({
      dashboardValidationMessages: [{ DataPath: "/widgets/0" }],
    });
    await expect(putBoard("no spaces")).rejects.toThrow(/invalid characters/);
  });
});
