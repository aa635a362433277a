import type { Operations } from "../../../service.ts";
import type { IamState, OidcProviderRecord } from "../../../iam/state.ts";
import type { Cx } from "../entity.ts";
import { alreadyExists, noProvider, quotaExceeded, validationError } from "../errors.ts";
import { page } from "../page.ts";
import { addTags, fromTags, removeTags, toTags } from "../tags.ts";

const CLIENT_IDS_MAX = 100;

function arnOf(cx: Cx, url: string): string {
  return `arn:aws:iam::${cx.scope.account}:oidc-provider/${url}`;
}

function getProvider(cx: Cx, arn: string): OidcProviderRecord {
  const start = arnOf(cx, "");
  const provider = arn.startsWith(start)
    ? cx.state.providers.get([cx.scope.account, arn.slice(start.length)])
    : undefined;
  if (!provider) throw noProvider(arn);
  return provider;
}

function putProvider(cx: Cx, provider: OidcProviderRecord): void {
  cx.state.providers.put([cx.scope.account, provider.url], provider);
}

export const oidcProviders = {
  CreateOpenIDConnectProvider(cx, { Url = "", ClientIDList = [], ThumbprintList = [], Tags }) {
    if (!/^https:\/\/[^?#]+$/.test(Url)) throw validationError("Invalid Open ID Connect Provider URL");
    const url = Url.slice("https://".length).replace(/\/$/, "");
    if (cx.state.providers.has([cx.scope.account, url]))
      throw alreadyExists(`Provider with url ${Url} already exists.`);
    if (ClientIDList.length > CLIENT_IDS_MAX) throw quotaExceeded("ClientIdsPerOpenIdConnectProvider", CLIENT_IDS_MAX);
    const tags = toTags(Tags);
    const clientIds = [...new Set(ClientIDList)];
    putProvider(cx, { url, createdMs: cx.kernel.clock.seconds() * 1000, clientIds, thumbprints: ThumbprintList, tags });
    return { OpenIDConnectProviderArn: arnOf(cx, url), Tags: fromTags(tags) };
  },

  GetOpenIDConnectProvider(cx, { OpenIDConnectProviderArn = "" }) {
    const provider = getProvider(cx, OpenIDConnectProviderArn);
    return {
      Url: provider.url,
      ClientIDList: provider.clientIds,
      ThumbprintList: provider.thumbprints,
      CreateDate: new Date(provider.createdMs),
      Tags: fromTags(provider.tags),
    };
  },

  ListOpenIDConnectProviders(cx) {
    const providers = [...cx.state.providers.values({ prefix: [cx.scope.account] })];
    return { OpenIDConnectProviderList: providers.map(({ url }) => ({ Arn: arnOf(cx, url) })) };
  },

  DeleteOpenIDConnectProvider(cx, { OpenIDConnectProviderArn = "" }) {
    const { url } = getProvider(cx, OpenIDConnectProviderArn);
    cx.state.providers.remove([cx.scope.account, url]);
    return {};
  },

  AddClientIDToOpenIDConnectProvider(cx, { OpenIDConnectProviderArn = "", ClientID = "" }) {
    const provider = getProvider(cx, OpenIDConnectProviderArn);
    const clientIds = [...new Set([...provider.clientIds, ClientID])];
    if (clientIds.length > CLIENT_IDS_MAX) throw quotaExceeded("ClientIdsPerOpenIdConnectProvider", CLIENT_IDS_MAX);
    putProvider(cx, { ...provider, clientIds });
    return {};
  },

  RemoveClientIDFromOpenIDConnectProvider(cx, { OpenIDConnectProviderArn = "", ClientID = "" }) {
    const provider = getProvider(cx, OpenIDConnectProviderArn);
    putProvider(cx, { ...provider, clientIds: provider.clientIds.filter((id) => id !== ClientID) });
    return {};
  },

  UpdateOpenIDConnectProviderThumbprint(cx, { OpenIDConnectProviderArn = "", ThumbprintList = [] }) {
    putProvider(cx, { ...getProvider(cx, OpenIDConnectProviderArn), thumbprints: ThumbprintList });
    return {};
  },

  TagOpenIDConnectProvider(cx, { OpenIDConnectProviderArn = "", Tags }) {
    const provider = getProvider(cx, OpenIDConnectProviderArn);
    putProvider(cx, { ...provider, tags: addTags(provider.tags, Tags) });
    return {};
  },

  UntagOpenIDConnectProvider(cx, { OpenIDConnectProviderArn = "", TagKeys }) {
    const provider = getProvider(cx, OpenIDConnectProviderArn);
    putProvider(cx, { ...provider, tags: removeTags(provider.tags, TagKeys) });
    return {};
  },

  ListOpenIDConnectProviderTags(cx, { OpenIDConnectProviderArn = "", ...request }) {
    const { tags } = getProvider(cx, OpenIDConnectProviderArn);
    const { shown, ...paging } = page(fromTags(tags), ({ Key }) => Key, request);
    return { Tags: shown, ...paging };
  },
} satisfies Operations<"iam", IamState>;
