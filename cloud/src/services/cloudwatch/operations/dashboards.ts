import type { Input, Output } from "../../../aws/api-types.ts";
import { globalArn } from "../../../aws/arn.ts";
import type { CallContext } from "../../../service.ts";
import type { AlarmState, DashboardRecord } from "../alarm.ts";
import { dashboardInvalid, dashboardNotFound, invalidParameterValue } from "../errors.ts";
import { pageOf } from "../page.ts";
import { keepTags } from "./tags.ts";

type Context = CallContext<AlarmState>;

const PAGE = 1000;

/** AWS: dashboards belong to the account, in no Region. */
export function dashboardArn(account: string, name: string): string {
  return globalArn("cloudwatch", account, `dashboard/${name}`);
}

/** Kept as given; what its widgets say is looked at by whoever draws them. */
export function putDashboard(
  cx: Context,
  input: Input<"cloudwatch", "PutDashboard">,
): Output<"cloudwatch", "PutDashboard"> {
  const { account } = cx.scope;
  const name = input.DashboardName!;
  if (!/^[A-Za-z0-9_-]{1,255}$/.test(name))
    throw invalidParameterValue(
      `The value ${name} for field DashboardName contains invalid characters. It can only contain alphanumerics, dash (-) and underscore (_).`,
    );
  checkBody(input.DashboardBody!);
  const known = cx.state.dashboards.has([account, name]);
  cx.state.dashboards.put([account, name], { name, body: input.DashboardBody!, modifiedMs: cx.kernel.clock.now() });
  if (!known) keepTags(cx.state, dashboardArn(account, name), input.Tags);
  return { DashboardValidationMessages: [] };
}

function checkBody(body: string): void {
  let content: unknown;
  try {
    content = JSON.parse(body);
  } catch {
    throw dashboardInvalid([{ DataPath: "", Message: "The field DashboardBody must be a valid JSON object" }]);
  }
  const widgets = (content as { widgets?: unknown } | null)?.widgets;
  if (!Array.isArray(widgets))
    throw dashboardInvalid([{ DataPath: "/widgets", Message: "Should have required property 'widgets'" }]);
  const problems = (widgets as unknown[]).flatMap((widget, i) =>
    typeof widget === "object" && widget !== null && typeof (widget as { type?: unknown }).type === "string"
      ? []
      : [{ DataPath: `/widgets/${i}`, Message: "Should have required property 'type'" }],
  );
  if (problems.length > 0) throw dashboardInvalid(problems);
}

export function getDashboard(
  cx: Context,
  input: Input<"cloudwatch", "GetDashboard">,
): Output<"cloudwatch", "GetDashboard"> {
  const name = input.DashboardName!;
  const dashboard = cx.state.dashboards.get([cx.scope.account, name]);
  if (!dashboard) throw dashboardNotFound([name]);
  return {
    DashboardArn: dashboardArn(cx.scope.account, name),
    DashboardBody: dashboard.body,
    DashboardName: name,
  };
}

export function listDashboards(
  cx: Context,
  input: Input<"cloudwatch", "ListDashboards">,
): Output<"cloudwatch", "ListDashboards"> {
  const { account } = cx.scope;
  const all = [...cx.state.dashboards.values({ prefix: [account] })].filter(({ name }) =>
    name.startsWith(input.DashboardNamePrefix ?? ""),
  );
  const { page, NextToken } = pageOf(all, input.NextToken, PAGE);
  const entry = ({ name, body, modifiedMs }: DashboardRecord) => ({
    DashboardName: name,
    DashboardArn: dashboardArn(account, name),
    LastModified: new Date(modifiedMs),
    Size: Buffer.byteLength(body),
  });
  return { DashboardEntries: page.map(entry), NextToken };
}

/** AWS: none is deleted where one does not exist. */
export function deleteDashboards(cx: Context, input: Input<"cloudwatch", "DeleteDashboards">): object {
  const { account } = cx.scope;
  const unknown = input.DashboardNames!.filter((name) => !cx.state.dashboards.has([account, name]));
  if (unknown.length > 0) throw dashboardNotFound(unknown);
  for (const name of input.DashboardNames!) {
    cx.state.dashboards.remove([account, name]);
    cx.state.tags.remove([dashboardArn(account, name)]);
  }
  return {};
}
