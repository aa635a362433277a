/** The mapping templates between HTTP and a flow. */

/** AWS: escapeJavaScript escapes single quotes, too, which JSON does not know. */
const escaped = (expression: string) => String.raw`$util.escapeJavaScript(${expression}).replaceAll("\\'", "'")`;

/**
 * Starts a flow with `{ path, query, body, requestId }` as its input.
 * @param stateMachineArn may be a token
 */
export function requestTemplate(
  stateMachineArn: string,
  { path, query, hasBody }: { path: readonly string[]; query: readonly string[]; hasBody: boolean },
): string {
  const lines = [`#set($q = '"')`];
  const object = (kind: string, names: readonly string[]) => {
    const members = names.map((name, index) => {
      lines.push(`#set($${kind}${index} = ${escaped(`$input.params('${name}')`)})`);
      return `\${q}${name}\${q}:\${q}$${kind}${index}\${q}`;
    });
    return `\${q}${kind}\${q}:{${members.join(",")}}`;
  };
  const members = [object("path", path), object("query", query), "${q}requestId${q}:${q}$context.requestId${q}"];
  if (hasBody) members.push("${q}body${q}:$input.json('$')");
  lines.push(`#set($text = "{${members.join(",")}}")`);
  lines.push(`{"stateMachineArn":"${stateMachineArn}","input":"${escaped("$text")}"}`);
  return lines.join("\n");
}

/**
 * The flow's output, or a problem document with the status that belongs to its error.
 * @param statuses by error name
 */
export function responseTemplate(statuses: Readonly<Record<string, number>>): string {
  const cases = Object.entries(statuses).map(
    ([error, status]) => `#if($error == '${error}')#set($status = ${status})#end`,
  );
  return [
    "#if($input.path('$.status') == 'SUCCEEDED')",
    "$input.path('$.output')",
    "#else",
    "#set($error = $input.path('$.error'))",
    "#set($status = 502)",
    "#if($input.path('$.status') == 'TIMED_OUT')#set($status = 504)#set($error = 'Timeout')#end",
    ...cases,
    "#set($context.responseOverride.status = $status)",
    "#set($context.responseOverride.header.Content-Type = 'application/problem+json')",
    `{"title":"${escaped("$error")}","status":$status,"detail":"${escaped("$input.path('$.cause')")}"}`,
    "#end",
  ].join("\n");
}
