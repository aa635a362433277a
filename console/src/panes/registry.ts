import type { ComponentType } from "react";
import type { GraphNode } from "../api.ts";
import { ApiPane } from "./api/pane.tsx";
import { BucketPane } from "./bucket/pane.tsx";
import { BusPane } from "./bus/pane.tsx";
import { FunctionPane } from "./function/pane.tsx";
import { QueuePane } from "./queue/pane.tsx";
import { RulePane } from "./rule/pane.tsx";
import { SchedulePane } from "./schedule/pane.tsx";
import { TablePane } from "./table/pane.tsx";
import { TopicPane } from "./topic/pane.tsx";
import { WorkflowPane } from "./workflow/pane.tsx";

/** The pane of each kind of resource. A new one is its folder and a line here; kinds without one show their facts. */
export const PANES: Readonly<Record<string, ComponentType<{ node: GraphNode }>>> = {
  bucket: BucketPane,
  bus: BusPane,
  function: FunctionPane,
  "http-api": ApiPane,
  queue: QueuePane,
  "rest-api": ApiPane,
  rule: RulePane,
  schedule: SchedulePane,
  table: TablePane,
  topic: TopicPane,
  workflow: WorkflowPane,
};
