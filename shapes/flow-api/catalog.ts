import type { CatalogEntry } from "../catalog.ts";

export const flowApi: CatalogEntry = {
  name: "flow-api",
  number: "1.4",
  title: { en: "Flows inside an app, backend for frontend", ja: "アプリ内処理フロー、BFF" },
  description: {
    en:
      "One call of an API runs a flow that asks tables, functions and other companies' HTTP APIs at the same time and puts " +
      "the answer together. What is late is left out and marked; writes that belong together all happen, or are undone in reverse order.",
    ja:
      "API を 1 回呼び出すだけで、テーブル、関数、社外の HTTP API に同時に問い合わせ、結果を 1 つにまとめて返します。" +
      "間に合わなかった部分は「なし」と印を付けて返し、一連の書き込みは、すべて成功するか、逆順に取り消されるかのどちらかになります。",
  },
  useWhen: {
    en: [
      "A page or screen needs data from several places in one call",
      "Several systems must be written to together, and what was done must be undone when one refuses",
      "You want retries, timeouts and fallbacks to be seen and changed without code",
    ],
    ja: [
      "1 画面の表示に、複数のシステムのデータが必要",
      "複数のシステムへの書き込みをまとめて行い、途中で失敗したら取り消したい",
      "再試行、タイムアウト、代替値の扱いをコードではなく流れとして管理したい",
    ],
  },
  doNotUseWhen: {
    en: [
      "It takes longer than 29 seconds, or people decide on the way (see approval-workflow)",
      "There is one source only: web-backend is simpler and cheaper",
      "The same flow must never run twice: Express flows run at least once; make the writes idempotent or use Standard",
    ],
    ja: [
      "29 秒を超える処理、途中で人が判断する処理（approval-workflow を参照）",
      "問い合わせ先が 1 つだけの場合（web-backend の方が簡単で安い）",
      "二重実行が絶対に許されない処理（Express は少なくとも 1 回の実行。書き込みを冪等にするか Standard を使う）",
    ],
  },
  searchWords: {
    en: [
      "backend for frontend",
      "aggregate several APIs",
      "one call, many sources",
      "product page",
      "fallback when an API is slow",
      "saga",
      "undo when payment fails",
      "API orchestration",
    ],
    ja: [
      "BFF",
      "複数の API をまとめる",
      "1 回の呼び出しで画面を作る",
      "商品ページ",
      "遅い API の代わりの値",
      "サーガ",
      "補償トランザクション",
      "決済に失敗したら取り消す",
      "API の連携",
    ],
  },
  services: ["API Gateway (REST API)", "Step Functions (Express)", "Lambda", "DynamoDB", "EventBridge (connections)"],
  flow: {
    en: [
      "The API checks the request against its schema: what is wrong is answered 400 before anything starts",
      "It starts the route's Express flow and waits for it",
      "A page: all sources are asked at once, each with its own timeout, one retry and a fallback",
      "An order: each write has its counterpart, which runs in reverse order when a later step fails",
      "The flow's output is the answer; the name of its error decides the status",
    ],
    ja: [
      "API がリクエストをスキーマで検証し、誤りがあれば何も始めずに 400 を返す",
      "ルートに対応する Express ワークフローを開始し、終わるのを待つ",
      "ページ：すべての問い合わせ先に同時に問い合わせる。それぞれにタイムアウト、再試行、代替値がある",
      "注文：書き込みごとに取り消し処理があり、後の段階が失敗すると逆順に実行される",
      "ワークフローの出力が応答になり、エラー名に応じて HTTP ステータスが決まる",
    ],
  },
  limits: {
    en: [
      "API Gateway answers 504 after 29 seconds; an Express flow ends after 5 minutes",
      "Input and output of a state: 256 KB",
      "An HTTP Task: 60 seconds, answers of 256 KB",
      "Express flows have no history to ask for: the log group keeps it",
    ],
    ja: [
      "API Gateway は 29 秒で 504 を返す。Express ワークフローは 5 分で終了する",
      "ステートの入出力は 256 KB まで",
      "HTTP タスクは 60 秒、応答は 256 KB まで",
      "Express には照会できる実行履歴がなく、ロググループに残る",
    ],
  },
  failures: {
    en: [
      { what: "A source is slow or down", outcome: "200 after its timeout, the part null and named in missing" },
      {
        what: "The payment fails",
        outcome: "402; the goods are given back and the order is cancelled, in this order",
      },
      { what: "The input is wrong", outcome: "400 from the API itself; no flow starts" },
      { what: "There is no such product", outcome: "404 with a problem document" },
      { what: "Too few are left", outcome: "409; only the order that was noted is cancelled" },
      { what: "The flow takes too long", outcome: "504; the alarm is raised" },
    ],
    ja: [
      {
        what: "問い合わせ先が遅い、または停止している",
        outcome: "タイムアウト後に 200。その部分は null になり、missing に名前が入る",
      },
      { what: "決済に失敗した", outcome: "402。在庫を戻し、注文を取り消す（この順に実行）" },
      { what: "入力に誤りがある", outcome: "API 自身が 400 を返し、ワークフローは始まらない" },
      { what: "該当する商品がない", outcome: "404。problem 形式の応答を返す" },
      { what: "在庫が足りない", outcome: "409。記録した注文だけを取り消す" },
      { what: "処理に時間がかかりすぎた", outcome: "504。アラームが上がる" },
    ],
  },
};
