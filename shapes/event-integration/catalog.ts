import type { CatalogEntry } from "../catalog.ts";

export const eventIntegration: CatalogEntry = {
  name: "event-integration",
  number: "2.3",
  title: { en: "Event-driven integration of business functions", ja: "イベント駆動の業務機能連携" },
  description: {
    en:
      "One process says what happened; billing, shipping, accounting and whoever comes next each hear of it through a queue of " +
      "their own. Nobody waits for anybody: a consumer that is down catches up later, one that is slow slows nobody else.",
    ja:
      "ある業務で起きたことをトピックに流すと、請求、出荷、会計などの業務がそれぞれ専用のキューで受け取り、自分のペースで処理します。" +
      "どこかが止まっていても、ほかは待たされません。復旧すれば、溜まった分から追いつきます。",
  },
  useWhen: {
    en: [
      "Several systems react to the same event, and more will come",
      "What follows may happen seconds or hours later, but must happen",
      "A failing or slow part must not take the others with it",
    ],
    ja: [
      "同じ出来事に複数のシステムが反応し、今後も増えていく",
      "後続の処理は少し遅れてもよいが、必ず行われる必要がある",
      "一部の障害や遅れを、ほかに波及させたくない",
    ],
  },
  doNotUseWhen: {
    en: [
      "The caller needs the result at once: use flow-api",
      "The steps depend on each other and have to be undone together: use flow-api or a workflow",
      "Events come from or go to other companies' services: use saas-integration",
    ],
    ja: [
      "呼び出し側がすぐに結果を必要とする場合（flow-api を使う）",
      "処理同士に依存関係があり、まとめて取り消す必要がある場合（flow-api などのワークフローを使う）",
      "社外のサービスとイベントをやり取りする場合（saas-integration を使う）",
    ],
  },
  searchWords: {
    en: [
      "fan out",
      "publish subscribe",
      "decouple services",
      "message queue",
      "order to billing and shipping",
      "retry failed messages",
      "dead letter",
      "asynchronous processing",
      "event driven",
      "in order processing",
    ],
    ja: [
      "業務連携",
      "システム間連携",
      "非同期処理",
      "メッセージキュー",
      "疎結合",
      "受注から請求と出荷",
      "複数の処理に通知",
      "失敗したら再試行",
      "順番どおりに処理",
      "イベント駆動",
    ],
  },
  services: ["SNS", "SQS", "Lambda", "DynamoDB", "CloudWatch alarms"],
  flow: {
    en: [
      "Process 1 publishes what happened, with attributes to filter by",
      "The topic gives a copy to the queue of each consumer whose filter matches",
      "Lambda takes up to ten messages at a time and calls the consumer",
      "The consumer does its work, writes in the ledger that it has, and names the messages that failed",
      "Failed messages come again; after the last attempt they lie in the dead-letter queue, and an alarm goes off",
      "After the fix they are moved back and worked on as if nothing had happened",
    ],
    ja: [
      "起点となる業務が、出来事を絞り込み用の属性とともにトピックに発行する",
      "トピックが、フィルターに合うコンシューマーのキューに 1 通ずつ配る",
      "Lambda が最大 10 通ずつ取り出し、コンシューマーを呼び出す",
      "コンシューマーは処理を済ませて台帳に記録し、失敗したメッセージだけを報告する",
      "失敗したメッセージは再び届き、上限回数を超えるとデッドレターキューに移って、アラームが上がる",
      "原因を直したらメッセージを元のキューに戻し、通常どおり処理する",
    ],
  },
  limits: {
    en: [
      "A message has 256 KB at most: put larger bodies into S3 and send their address",
      "Messages wait 14 days, also in the dead-letter queue; then they are gone",
      "Standard queues deliver at least once and in no order: the ledger makes work happen once",
      "A FIFO topic takes 300 messages a second for a group, 3,000 in all with batches and more with high throughput",
      "A filter policy change takes up to 15 minutes to apply",
    ],
    ja: [
      "メッセージは 256 KB まで。大きなデータは S3 に置き、場所だけを送る",
      "メッセージの保持期間は 14 日（デッドレターキューも同じ）。過ぎると消える",
      "標準キューは重複して届くことがあり、順序も保証されない。台帳で二重処理を防ぐ",
      "FIFO トピックはメッセージグループごとに毎秒 300 件まで",
      "フィルターポリシーの変更が反映されるまで最大 15 分かかる",
    ],
  },
  failures: {
    en: [
      {
        what: "One bad message in a batch of ten",
        outcome: "Nine are done; the one is tried five times, then kept in the dead-letter queue with an alarm",
      },
      { what: "A consumer is down for an hour", outcome: "Its messages wait; the backlog is drained when it is back" },
      { what: "The same message comes twice", outcome: "The ledger knows it: one effect" },
      {
        what: "A message of a FIFO group fails",
        outcome: "Those of its group wait behind it; other groups go on",
      },
      {
        what: "The topic cannot reach a queue",
        outcome: "The message is kept in the undelivered queue, with an alarm",
      },
    ],
    ja: [
      {
        what: "10 通のうち 1 通だけ処理できない",
        outcome: "9 通は完了。残る 1 通は 5 回試したうえでデッドレターキューに移り、アラームが上がる",
      },
      { what: "コンシューマーが 1 時間停止した", outcome: "メッセージはキューで待ち、復旧後に溜まった分が処理される" },
      { what: "同じメッセージが 2 回届いた", outcome: "台帳に記録があるため、処理は 1 回だけ行われる" },
      {
        what: "FIFO の途中のメッセージが失敗した",
        outcome: "同じグループの後続は待ち、ほかのグループは進む",
      },
      { what: "トピックからキューに届けられない", outcome: "未配信キューに残り、アラームが上がる" },
    ],
  },
};
