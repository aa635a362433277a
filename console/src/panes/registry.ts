import type { ComponentType } from "react";
import type { GraphNode } from "../api.ts";
import { BucketPane } from "./bucket/pane.tsx";
import { FunctionPane } from "./function/pane.tsx";
import { TablePane } from "./table/pane.tsx";

/** The pane of each kind of resource. A new one is its folder and a line here; kinds without one show their facts. */
export const PANES: Readonly<Record<string, ComponentType<{ node: GraphNode }>>> = {
  bucket: BucketPane,
  function: FunctionPane,
  table: TablePane,
};
