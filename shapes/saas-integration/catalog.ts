import type { CatalogEntry } from "../catalog.ts";

export const saasIntegration: CatalogEntry = {
  name: "saas-integration",
  number: "2.4",
  title: { en: "Integration with other companies' services", ja: "サービス／SaaS 連携、パイプ処理" },
  description: {
    en:
      "What happens at GitHub, Stripe, Shopify or a partner comes in as an event of one form, checked against its signature " +
      "and taken once; rules decide who hears of it. Calls to other services go out with their keys or OAuth tokens, no " +
      "faster than they allow, and again where they fail. All events are kept and can be played once more.",
    ja:
      "GitHub、Stripe、Shopify などの Webhook やパートナーのイベントを、署名を確かめたうえで共通の形に整え、イベントバスに流します。" +
      "誰に渡すかはルールで決めます。外部サービスの呼び出しは、API キーや OAuth による認証、流量の制限、失敗時の再試行まで任せられます。" +
      "イベントは保管され、後から流し直せます。",
  },
  useWhen: {
    en: [
      "Webhooks of several services have to be taken safely",
      "Another service has to be told of what happens here, and may be down",
      "New consumers are to be added without touching the entry",
    ],
    ja: [
      "複数の SaaS の Webhook を安全に受けたい",
      "社内の出来事を外部サービスに伝えたい（相手が止まっていることもある）",
      "受け口を変えずに、受け手を後から増やしたい",
    ],
  },
  doNotUseWhen: {
    en: [
      "Both sides are yours: use event-integration",
      "The caller waits for what the other service answers: use flow-api",
      "Users chat with you through the service: use chatbot",
    ],
    ja: [
      "送り手も受け手も自社のシステムの場合（event-integration を使う）",
      "外部サービスの応答をその場で待つ場合（flow-api を使う）",
      "チャットで利用者と対話する場合（chatbot を使う）",
    ],
  },
  searchWords: {
    en: [
      "receive webhooks",
      "verify webhook signature",
      "github webhook",
      "stripe payment event",
      "shopify orders",
      "call an external api with oauth",
      "rate limit outgoing calls",
      "replay events",
      "connect saas",
    ],
    ja: [
      "Webhookを受け取る",
      "署名を検証",
      "SaaS連携",
      "外部サービス連携",
      "決済の通知を受ける",
      "ECサイトの注文を取り込む",
      "外部APIをOAuthで呼ぶ",
      "イベントの再送",
    ],
  },
  services: ["API Gateway", "Lambda", "Secrets Manager", "DynamoDB", "EventBridge", "SQS", "CloudWatch alarms"],
  flow: {
    en: [
      "The provider posts a webhook",
      "The receiver checks the signature over the bytes as they came",
      "It claims the delivery in a table: what was taken before is not taken again",
      "It puts an event of one form on the bus, with the original body in it, and answers 202",
      "Rules hand the event to whoever is joined: a function, a workflow, a queue, another service",
      "A service is called with its key or token, at the rate that it allows; what fails is tried again for two hours",
      "What was given up lies in a dead-letter queue, with an alarm; the archive can play events once more",
    ],
    ja: [
      "外部サービスが Webhook を送る",
      "受信した本文のバイト列に対して署名を検証する",
      "配信 ID をテーブルで確認し、処理済みなら受け付けない",
      "共通の形のイベントに元の本文を添えてバスに流し、202 を返す",
      "ルールに従って、関数・ワークフロー・キュー・外部サービスに渡す",
      "外部サービスは認証を付け、許された流量で呼ぶ。失敗すると 2 時間まで再試行する",
      "届けられなかったものはデッドレターキューに残り、アラームが上がる。アーカイブから流し直すこともできる",
    ],
  },
  limits: {
    en: [
      "An event has 256 KB at most: larger webhooks are answered with 413",
      "A called service has five seconds to answer; what takes longer counts as failed",
      "API destinations call 300 times a second at most",
      "Events come at least once and in no order; a replay brings them again, marked with its name",
      "Stripe's signature is good for five minutes",
    ],
    ja: [
      "イベントは 256 KB まで。それより大きい Webhook には 413 を返す",
      "外部サービスの応答は 5 秒以内。超えると失敗とみなす",
      "API 送信先の呼び出しは毎秒 300 回まで",
      "イベントは重複や順序の入れ替わりがある。流し直した分にはリプレイ名が付く",
      "Stripe の署名の有効期間は 5 分",
    ],
  },
  failures: {
    en: [
      { what: "A forged or stale signature", outcome: "401, and nothing on the bus" },
      { what: "The same delivery comes again", outcome: "200, and no second event" },
      { what: "Something fails on our side", outcome: "A 5xx: the provider sends it again, and it is taken then" },
      {
        what: "The other service answers 500 or 429, or hangs",
        outcome: "Tried again with growing pauses, then kept in the dead-letter queue with an alarm",
      },
      { what: "The token has expired", outcome: "A new one is fetched, and the call repeated" },
    ],
    ja: [
      { what: "署名の偽造や期限切れ", outcome: "401 を返し、バスには何も流れない" },
      { what: "同じ配信がもう一度届いた", outcome: "200 を返し、イベントは増えない" },
      { what: "こちら側の障害", outcome: "5xx を返す。送信元が再送した時点で受け付ける" },
      {
        what: "相手が 500 や 429 を返す、または応答しない",
        outcome: "間隔を空けながら再試行し、だめならデッドレターキューに残してアラームを上げる",
      },
      { what: "トークンの期限切れ", outcome: "取り直して呼び直す" },
    ],
  },
};
