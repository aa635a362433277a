import { defined, listOf, textOf, treeOf, type Tree } from "../../../gateway/tree.ts";
import type { AuthorizerRecord } from "../state.ts";

/** A security scheme of a document: an authorizer, IAM, or the API key. */
export type Scheme =
  | { readonly kind: "authorizer"; readonly authorizer: Omit<AuthorizerRecord, "id"> }
  | { readonly kind: "iam" }
  | { readonly kind: "apiKey" }
  /** Something that API Gateway does not check. */
  | { readonly kind: "none" };

/** The security schemes of a document by name. AWS: "x-amazon-apigateway-authorizer object", "…-authtype property". */
export function readSchemes(document: Tree): ReadonlyMap<string, Scheme> {
  const schemes = {
    ...treeOf(document["securityDefinitions"]),
    ...treeOf(treeOf(document["components"])["securitySchemes"]),
  };
  return new Map(Object.entries(schemes).map(([name, scheme]) => [name, readScheme(name, treeOf(scheme))]));
}

function readScheme(name: string, scheme: Tree): Scheme {
  const authType = textOf(scheme["x-amazon-apigateway-authtype"]);
  if (authType?.toLowerCase() === "awssigv4") return { kind: "iam" };
  const given = treeOf(scheme["x-amazon-apigateway-authorizer"]);
  const type = textOf(given["type"])?.toUpperCase();
  const header = textOf(scheme["name"]) ?? "Authorization";
  if (type === undefined) {
    const isKey = scheme["type"] === "apiKey" && header.toLowerCase() === "x-api-key";
    return { kind: isKey ? "apiKey" : "none" };
  }
  const ttl = given["authorizerResultTtlInSeconds"];
  const identitySource = textOf(given["identitySource"]);
  const authorizer: Omit<AuthorizerRecord, "id"> = defined({
    name,
    type: type as AuthorizerRecord["type"],
    authType,
    authorizerUri: textOf(given["authorizerUri"]),
    authorizerCredentials: textOf(given["authorizerCredentials"]),
    identityValidationExpression: textOf(given["identityValidationExpression"]),
    authorizerResultTtlInSeconds: ttl === undefined ? undefined : Number(ttl),
    providerARNs: listOf(given["providerARNs"]),
    identitySource: type === "REQUEST" ? identitySource : (identitySource ?? `method.request.header.${header}`),
  });
  return { kind: "authorizer", authorizer };
}
