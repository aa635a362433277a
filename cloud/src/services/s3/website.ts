import type { RoutingRule, WebsiteConfiguration } from "@aws-sdk/client-s3";
import { Readable } from "node:stream";
import { WEBSITE_PATH } from "../../aws/addresses.ts";
import { AwsError } from "../../aws/error.ts";
import type { HttpRequest, HttpResponse } from "../../http.ts";
import type { DataPlane } from "../../service.ts";
import { getApi } from "../../wire/model.ts";
import { restXml } from "../../wire/protocols/rest-xml.ts";
import { askObject } from "./access.ts";
import { findBucket } from "./bucket.ts";
import { noSuchBucket, noSuchConfiguration } from "./errors.ts";
import { GetObject } from "./operations/get-object.ts";
import type { S3Context, S3State } from "./state.ts";
import { hostId } from "./events.ts";

/**
 * Website hosting, by host (`BUCKET.s3-website-REGION.amazonaws.com`) and by path (`/_aws/s3-website/BUCKET/`).
 * AWS: "Hosting a static website using Amazon S3".
 */

interface Match {
  readonly bucket: string;
  /** Path below the website's root, still encoded, with its slash. */
  readonly path: string;
  /** What stands before that path in this address. */
  readonly base: string;
}

const HOST = /^(?<bucket>.+)\.s3-website[-.][a-z0-9-]+\.(?:amazonaws\.com|localhost)$/;

export const websitePlane: DataPlane<S3State, Match> = {
  operation: "WebsiteGetObject",
  match(head) {
    if (head.host.includes(".s3-website")) {
      const bucket = HOST.exec(head.host)?.groups?.["bucket"];
      if (bucket !== undefined) return { bucket, path: head.path, base: "" };
    }
    if (!head.path.startsWith(WEBSITE_PATH)) return undefined;
    const slash = head.path.indexOf("/", WEBSITE_PATH.length);
    const base = slash < 0 ? head.path : head.path.slice(0, slash);
    return { bucket: base.slice(WEBSITE_PATH.length), path: head.path.slice(base.length) || "/", base };
  },
  // Permission is asked for each object that is tried, since a denial has a page of its own.
  authorize: () => [],
  async handle(cx, request, match) {
    return new Visit(cx, request, match).answer();
  },
};

interface RedirectTo {
  readonly status: number;
  readonly location: string;
}

/** One request to a website. */
class Visit {
  constructor(
    private readonly cx: S3Context,
    private readonly request: HttpRequest,
    private readonly match: Match,
  ) {}

  answer(): HttpResponse {
    try {
      return this.#answer();
    } catch (error) {
      if (error instanceof AwsError) return this.#errorPage(error);
      throw error;
    }
  }

  #answer(): HttpResponse {
    const { method } = this.request;
    if (method !== "GET" && method !== "HEAD")
      throw new AwsError("MethodNotAllowed", "The specified method is not allowed against this resource.", {
        status: 405,
        members: { Method: method, ResourceType: "OBJECT" },
      });
    const website = this.#website();
    const path = decodePath(this.match.path);
    if (website.RedirectAllRequestsTo) {
      const { HostName, Protocol = "http" } = website.RedirectAllRequestsTo;
      return redirect({ status: 301, location: `${Protocol}://${HostName}${this.match.path}` });
    }
    const asked = path.slice(1);
    const rule = findRule(website.RoutingRules, asked, undefined);
    if (rule) return redirect(this.#target(rule, asked));
    const suffix = website.IndexDocument?.Suffix ?? "index.html";
    const key = asked === "" || asked.endsWith("/") ? asked + suffix : asked;
    return this.#serve(website, key, suffix);
  }

  /** @throws AwsError NoSuchBucket, NoSuchWebsiteConfiguration */
  #website(): WebsiteConfiguration {
    const bucket = findBucket(this.cx.state, this.match.bucket);
    if (!bucket) throw noSuchBucket(this.match.bucket);
    if (!bucket.website)
      throw noSuchConfiguration(
        "NoSuchWebsiteConfiguration",
        "The specified bucket does not have a website configuration",
        bucket.name,
      );
    return bucket.website;
  }

  #serve(website: WebsiteConfiguration, key: string, suffix: string): HttpResponse {
    try {
      return this.#object(key);
    } catch (error) {
      if (!(error instanceof AwsError) || error.status === 304) throw error;
      if (this.#exists(`${key}/${suffix}`)) return redirect({ status: 302, location: this.#within(`${key}/`) });
      const rule = findRule(website.RoutingRules, key, String(error.status ?? 400));
      if (rule) return redirect(this.#target(rule, key));
      return this.#errorDocument(website, error);
    }
  }

  /** An object, or where it points to. @throws AwsError AccessDenied, NoSuchKey, NotModified, InvalidRange */
  #object(key: string): HttpResponse {
    const of = { Bucket: this.match.bucket, Key: key };
    this.cx.authorize(askObject(this.cx, of, "s3:GetObject"));
    const { headers } = this.request;
    const date = (name: string) => (headers[name] === undefined ? undefined : new Date(headers[name]));
    const output = GetObject(this.cx, {
      ...of,
      Range: headers["range"],
      IfMatch: headers["if-match"],
      IfNoneMatch: headers["if-none-match"],
      IfModifiedSince: date("if-modified-since"),
      IfUnmodifiedSince: date("if-unmodified-since"),
    });
    if (output.WebsiteRedirectLocation !== undefined) {
      if (output.Body instanceof Readable) output.Body.destroy();
      const location = output.WebsiteRedirectLocation;
      return redirect({ status: 301, location: location.startsWith("/") ? this.match.base + location : location });
    }
    const operation = getApi("s3").operation("GetObject");
    return restXml.encode(output, { requestId: this.cx.requestId, operation, method: this.request.method, headers });
  }

  #exists(key: string): boolean {
    try {
      this.cx.authorize(askObject(this.cx, { Bucket: this.match.bucket, Key: key }, "s3:GetObject"));
    } catch {
      return false;
    }
    const version = this.cx.state.current.get([this.match.bucket, key]);
    return version !== undefined && !version.isMarker;
  }

  /** The address of a key on this website. */
  #within(key: string): string {
    return `${this.match.base}/${key.split("/").map(encodeURIComponent).join("/")}`;
  }

  #target({ Condition, Redirect = {} }: RoutingRule, key: string): RedirectTo {
    const { HostName, Protocol, HttpRedirectCode, ReplaceKeyWith, ReplaceKeyPrefixWith } = Redirect;
    const prefix = Condition?.KeyPrefixEquals ?? "";
    const replaced =
      ReplaceKeyWith ?? (ReplaceKeyPrefixWith === undefined ? key : ReplaceKeyPrefixWith + key.slice(prefix.length));
    const status = Number(HttpRedirectCode ?? 301);
    if (HostName === undefined && Protocol === undefined) return { status, location: this.#within(replaced) };
    const host = HostName ?? this.request.headers["host"] ?? this.request.host;
    const path = HostName === undefined ? this.#within(replaced) : `/${encodeURI(replaced)}`;
    return { status, location: `${Protocol ?? "http"}://${host}${path}` };
  }

  /** AWS: the error document is answered under the status of the error. */
  #errorDocument({ ErrorDocument }: WebsiteConfiguration, error: AwsError): HttpResponse {
    const key = ErrorDocument?.Key;
    if (key === undefined) return this.#errorPage(error);
    try {
      const { status: _, ...page } = this.#object(key);
      return { ...page, status: error.status ?? 400, headers: { ...page.headers, ...errorHeaders(error) } };
    } catch (second) {
      if (second instanceof AwsError) return this.#errorPage(error, second);
      throw second;
    }
  }

  #errorPage(error: AwsError, second?: AwsError): HttpResponse {
    const status = error.status ?? 400;
    if (status === 304) return { status, headers: error.headers };
    const { requestId } = this.cx;
    const title = `${status} ${STATUS_TEXT[status] ?? "Error"}`;
    const facts = [...factsOf(error), `RequestId: ${requestId}`, `HostId: ${hostId(requestId)}`];
    const more = second
      ? `<h3>An Error Occurred While Attempting to Retrieve a Custom Error Document</h3>\n${listOf(factsOf(second))}`
      : "";
    const body =
      `<html>\n<head><title>${title}</title></head>\n<body>\n<h1>${title}</h1>\n${listOf(facts)}` +
      `${more}<hr/>\n</body>\n</html>\n`;
    return { status, headers: { "Content-Type": "text/html; charset=utf-8", ...errorHeaders(error) }, body };
  }
}

const STATUS_TEXT: Record<number, string> = {
  400: "Bad Request",
  403: "Forbidden",
  404: "Not Found",
  405: "Method Not Allowed",
  412: "Precondition Failed",
  416: "Requested Range Not Satisfiable",
};

function factsOf(error: AwsError): string[] {
  const members = Object.entries(error.members).map(([name, value]) => `${name}: ${String(value)}`);
  return [`Code: ${error.code}`, `Message: ${error.message}`, ...members];
}

function listOf(facts: readonly string[]): string {
  return `<ul>\n${facts.map((fact) => `<li>${escapeHtml(fact)}</li>\n`).join("")}</ul>\n`;
}

function escapeHtml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

function errorHeaders(error: AwsError): Record<string, string> {
  return { "x-amz-error-code": error.code, "x-amz-error-message": error.message.replace(/[^\x20-\x7e]/g, " ") };
}

function redirect({ status, location }: RedirectTo): HttpResponse {
  return { status, headers: { Location: location, "Content-Length": "0" }, body: "" };
}

/** @throws AwsError InvalidURI */
function decodePath(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    throw new AwsError("InvalidURI", "Couldn't parse the specified URI.", { status: 400, members: { URI: path } });
  }
}

/** The first rule that means a key, before it is looked up or after it failed with an error. */
function findRule(rules: readonly RoutingRule[] | undefined, key: string, error: string | undefined) {
  return rules?.find(({ Condition }) => {
    const { KeyPrefixEquals, HttpErrorCodeReturnedEquals } = Condition ?? {};
    return HttpErrorCodeReturnedEquals === error && (KeyPrefixEquals === undefined || key.startsWith(KeyPrefixEquals));
  });
}
