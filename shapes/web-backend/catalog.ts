import type { CatalogEntry } from "../catalog.ts";

export const webBackend: CatalogEntry = {
  name: "web-backend",
  number: "1.1",
  title: { en: "Dynamic web and mobile backend", ja: "動的 Web / モバイルバックエンド" },
  description: {
    en:
      "An HTTP API whose routes call functions, and a table that keeps what they store. The usual backend of an order form, " +
      "a survey, a simple search or a casual game: it costs nothing while nobody calls and needs no server when many do.",
    ja:
      "HTTP API のルートごとに関数を呼び出し、結果をテーブルに保存する構成です。注文フォーム、アンケート、簡単な検索、" +
      "カジュアルゲームのバックエンドに向いています。呼ばれない間は費用がかからず、アクセスが増えてもサーバーの面倒を見る必要がありません。",
  },
  useWhen: {
    en: [
      "A browser or an app sends small requests and wants the answer at once",
      "You can say how items are looked up before you store them (by id, by status, by customer)",
      "Load comes in bursts, or there is little of it",
    ],
    ja: [
      "ブラウザやアプリから小さなリクエストが届き、その場で応答を返したい",
      "データの引き方（ID、状態、顧客など）を設計時に決められる",
      "アクセスに波がある、または普段は少ない",
    ],
  },
  doNotUseWhen: {
    en: [
      "The answer takes more than 30 seconds: accept the work and tell the result later (see push, approval-workflow)",
      "Queries are ad hoc, with joins and sums over everything: use a relational database (business-api)",
      "Other companies call with contracts, keys and quotas: business-api has usage plans",
    ],
    ja: [
      "応答に 30 秒以上かかる処理（受付だけして結果は後から通知する。push や approval-workflow を参照）",
      "結合や全件集計など、その場で条件が変わる検索が中心の場合（リレーショナルデータベースを使う business-api を参照）",
      "契約先ごとに API キーや利用枠を管理したい場合（business-api の使用量プランを使う）",
    ],
  },
  searchWords: {
    en: [
      "order form",
      "survey",
      "contact form",
      "save what users enter",
      "backend for my app",
      "REST API for a web page",
      "simple search",
      "leaderboard",
      "CRUD",
    ],
    ja: [
      "注文フォーム",
      "申し込みフォーム",
      "アンケート",
      "問い合わせフォーム",
      "入力内容を保存したい",
      "アプリのバックエンド",
      "Web API を作りたい",
      "簡単な検索",
      "ランキング",
    ],
  },
  services: ["API Gateway (HTTP API)", "Lambda", "DynamoDB", "CloudWatch Logs", "CloudWatch alarms"],
  flow: {
    en: [
      "The browser sends a request to the HTTP API; a preflight is answered by the API itself",
      "The API checks the token if there is an authorizer, and its throttle",
      "The route's function runs with a role that may do only what this route needs",
      "It reads or writes the table; a condition on the write keeps retries and rivals apart",
      "The API passes the answer on and writes a line into the access log",
      "Each change of an item goes into the table's stream, for whoever joins it",
    ],
    ja: [
      "ブラウザが HTTP API にリクエストを送る（プリフライトには API 自身が応答する）",
      "オーソライザーがあればトークンを検証し、スロットリングの上限を確認する",
      "ルートに対応する関数が、そのルートに必要な権限だけを持つロールで動く",
      "テーブルを読み書きする。条件付き書き込みにより、再送や競合を区別する",
      "API が応答を返し、アクセスログに 1 行記録する",
      "項目の変更はテーブルのストリームに流れ、ほかの形（シェイプ）から利用できる",
    ],
  },
  limits: {
    en: [
      "Request and response: 10 MB at the API, 6 MB at the function",
      "The API answers 503 after 30 seconds, whatever the function's own timeout",
      "An item: 400 KB; a page of a query: 1 MB",
      "An index follows its table with a small delay: read by id what you have just written",
      "1,000 concurrent executions an account and Region unless raised; then callers get 503",
    ],
    ja: [
      "リクエストと応答は API で 10 MB、関数で 6 MB まで",
      "関数のタイムアウト設定にかかわらず、API は 30 秒で 503 を返す",
      "1 項目は 400 KB、クエリ 1 ページは 1 MB まで",
      "インデックスへの反映にはわずかな遅れがあるため、書き込み直後は ID で読む",
      "同時実行数は 1 アカウント・1 リージョンあたり 1,000（引き上げ可）。超えると 503 になる",
    ],
  },
  failures: {
    en: [
      {
        what: "The body is not JSON, or fields are wrong",
        outcome: "400 with a problem document that names each field",
      },
      { what: "There is no such item", outcome: "404" },
      { what: "Somebody changed the item meanwhile", outcome: "409; the caller reads again and decides" },
      { what: "The same create arrives twice under one Idempotency-Key", outcome: "One item, the same answer twice" },
      {
        what: "The function runs into its timeout",
        outcome: '503 {"message":"Service Unavailable"}, and a Task timed out line in its log',
      },
      { what: "The token is missing, wrong or expired", outcome: "401, the function is not called" },
      { what: "More calls than the throttle allows", outcome: "429; the client backs off" },
    ],
    ja: [
      {
        what: "本文が JSON でない、または項目に誤りがある",
        outcome: "400。誤りのある項目をすべて挙げた problem 形式の応答を返す",
      },
      { what: "該当する項目がない", outcome: "404" },
      { what: "読み込んだ後にほかの誰かが更新していた", outcome: "409。呼び出し側が読み直して判断する" },
      { what: "同じ Idempotency-Key の登録が 2 回届いた", outcome: "登録は 1 件だけで、2 回とも同じ応答を返す" },
      {
        what: "関数がタイムアウトした",
        outcome: '503 {"message":"Service Unavailable"}。関数のログには Task timed out が残る',
      },
      { what: "トークンがない、不正、または期限切れ", outcome: "401。関数は呼び出されない" },
      { what: "スロットリングの上限を超えた", outcome: "429。クライアントは間隔を空けて再試行する" },
    ],
  },
};
