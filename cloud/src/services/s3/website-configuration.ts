import type { RoutingRule, WebsiteConfiguration } from "@aws-sdk/client-s3";
import { invalidArgument, invalidRequest, malformedXml } from "./errors.ts";

const ROUTING_RULES_MAX = 50;

/**
 * Checks what PutBucketWebsite is given. AWS: "Configuring a static website".
 * @throws AwsError MalformedXML, InvalidArgument, InvalidRequest
 */
export function checkWebsite(website: WebsiteConfiguration | undefined): WebsiteConfiguration {
  if (!website) throw malformedXml();
  const { IndexDocument, ErrorDocument, RedirectAllRequestsTo, RoutingRules } = website;
  if (RedirectAllRequestsTo) {
    if (IndexDocument || ErrorDocument || RoutingRules)
      throw invalidArgument(
        "RedirectAllRequestsTo cannot be provided in conjunction with other Routing Rules.",
        "RedirectAllRequestsTo",
        "not null",
      );
    if (!RedirectAllRequestsTo.HostName) throw malformedXml();
    checkProtocol(RedirectAllRequestsTo.Protocol);
    return website;
  }
  if (!IndexDocument)
    throw invalidArgument(
      "A value for IndexDocument Suffix must be provided if RedirectAllRequestsTo is empty",
      "IndexDocument",
      "null",
    );
  const suffix = IndexDocument.Suffix;
  if (!suffix || suffix.includes("/"))
    throw invalidArgument("The IndexDocument Suffix is not well formed", "IndexDocument", suffix ? suffix : null);
  if (ErrorDocument && !ErrorDocument.Key)
    throw invalidArgument("The ErrorDocument Key is not well formed", "ErrorDocument", null);
  if (RoutingRules && (RoutingRules.length === 0 || RoutingRules.length > ROUTING_RULES_MAX)) throw malformedXml();
  for (const rule of RoutingRules ?? []) checkRoutingRule(rule);
  return website;
}

function checkRoutingRule({ Condition, Redirect }: RoutingRule): void {
  if (!Redirect) throw malformedXml();
  checkProtocol(Redirect.Protocol);
  if (Redirect.ReplaceKeyPrefixWith !== undefined && Redirect.ReplaceKeyWith !== undefined)
    throw invalidRequest("You can only define ReplaceKeyPrefix or ReplaceKey but not both.");
  if (Condition && Condition.KeyPrefixEquals === undefined && Condition.HttpErrorCodeReturnedEquals === undefined)
    throw invalidRequest(
      "Condition cannot be empty. To redirect all requests without a condition, the condition element shouldn't be present.",
    );
  const code = Redirect.HttpRedirectCode;
  if (code !== undefined && !/^3(?:0[12378])$/.test(code))
    throw invalidRequest(`The provided HTTP redirect code (${code}) is not valid. Valid codes are 3XX except 300.`);
  const error = Condition?.HttpErrorCodeReturnedEquals;
  if (error !== undefined && !/^[45]\d\d$/.test(error))
    throw invalidRequest(`The provided HTTP error code (${error}) is not valid. Valid codes are 4XX or 5XX.`);
}

function checkProtocol(protocol: string | undefined): void {
  if (protocol !== undefined && protocol !== "http" && protocol !== "https")
    throw invalidRequest(
      "Invalid protocol, protocol can be http or https. If not defined the protocol will be selected automatically.",
    );
}
