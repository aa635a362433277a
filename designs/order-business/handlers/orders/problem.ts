import type { APIGatewayProxyStructuredResultV2 } from "aws-lambda";

/** An answer other than success, as RFC 9457 "problem details". */
export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly title: string,
    readonly detail: string,
    readonly errors?: readonly { field: string; message: string }[],
  ) {
    super(detail);
  }
}

export function json(
  statusCode: number,
  body: unknown,
  headers: Record<string, string> = {},
): APIGatewayProxyStructuredResultV2 {
  return { statusCode, headers: { "content-type": "application/json", ...headers }, body: JSON.stringify(body) };
}

/** Turns a thrown `Problem` into its response. All else is a bug and goes on, so that the caller sees a 500 and the log the cause. */
export async function answering(
  work: () => Promise<APIGatewayProxyStructuredResultV2>,
): Promise<APIGatewayProxyStructuredResultV2> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    const { status, title, detail, errors } = error;
    return {
      statusCode: status,
      headers: { "content-type": "application/problem+json" },
      body: JSON.stringify({ type: "about:blank", title, status, detail, ...(errors ? { errors } : {}) }),
    };
  }
}
