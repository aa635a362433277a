/** How a line of states leaves one and goes to the next. */
import type { StateDefinition } from "./definition.ts";
import { checkSize, type Outcome } from "./fields.ts";
import { textOf } from "./json.ts";
import type { Ended } from "./begin.ts";
import type { Run } from "./run.ts";
import type { Frame } from "./state.ts";

/**
 * Leaves the state. Answers with the output where the line ends with it.
 * @param next where it goes; default: as the state says
 * @throws StatesError `States.DataLimitExceeded`
 */
export function exit(
  run: Run,
  frame: Frame,
  { output, assigned }: Outcome,
  definition: StateDefinition = run.definitionOf(frame),
  next: string | undefined = definition.Next,
): Ended | undefined {
  checkSize(output, frame.state);
  const names = Object.keys(assigned);
  run.note(frame, `${definition.Type}StateExited`, "stateExitedEventDetails", {
    name: frame.state,
    output: textOf(output),
    outputDetails: { truncated: false },
    ...(names.length === 0
      ? {}
      : {
          assignedVariables: Object.fromEntries(names.map((name) => [name, textOf(assigned[name]!)])),
          assignedVariablesDetails: { truncated: false },
        }),
  });
  Object.assign(frame.variables, assigned);
  delete frame.mapRun;
  frame.retried = {};
  frame.retryCount = 0;
  if (next === undefined) return { output };
  frame.state = next;
  frame.input = output;
  frame.phase = "enter";
  return undefined;
}
