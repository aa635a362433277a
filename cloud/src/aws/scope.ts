/** The account and Region that a call acts in. All state is kept by scope. */
export interface Scope {
  readonly account: string;
  readonly region: string;
}

export const DEFAULT_SCOPE: Scope = { account: "000000000000", region: "us-east-1" };
export const PARTITION = "aws";
export const URL_SUFFIX = "amazonaws.com";
