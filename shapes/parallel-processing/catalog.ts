import type { CatalogEntry } from "../catalog.ts";

export const parallelProcessing: CatalogEntry = {
  name: "parallel-processing",
  number: "4.1",
  title: { en: "Large data, processed in parallel", ja: "大量データ処理の並列実行" },
  description: {
    en:
      "A file of many rows, or many files, is put into a bucket; a workflow cuts it into batches and has a function work on " +
      "hundreds of them at a time. Millions of rows are done in minutes, bad ones are listed, and what failed can be run again " +
      "without doing the rest twice.",
    ja:
      "多数の行を持つファイル、または大量のファイルをバケットに置くと、ワークフローがそれをバッチに分け、関数が同時に何百個も処理します。" +
      "数百万行でも数分で終わり、不正な行は一覧に残ります。失敗した分だけを後からやり直せるので、成功した処理が二重に行われることはありません。",
  },
  useWhen: {
    en: [
      "Rows or files can be worked on one by one, in any order",
      "There are too many for one function's fifteen minutes",
      "You want to know afterwards, row by row, what came of it",
    ],
    ja: [
      "1 行ずつ、または 1 ファイルずつ、順序に関係なく処理できる",
      "1 回の関数実行（15 分）では終わらない量がある",
      "どの行がどうなったかを後から確認したい",
    ],
  },
  doNotUseWhen: {
    en: [
      "Rows depend on the rows before them: use stream-processing, or a database",
      "Data never stops arriving: this works on what is there (see stream-processing)",
      "It is about sums and joins over everything: SQL over files is cheaper (see batch-etl)",
    ],
    ja: [
      "前の行の結果に依存する処理（stream-processing やデータベースを使う）",
      "データが途切れなく届き続ける場合（この構成は手元にあるデータが対象。stream-processing を参照）",
      "全体の集計や結合が目的の場合（ファイルに対する SQL の方が安い。batch-etl を参照）",
    ],
  },
  searchWords: {
    en: [
      "import a CSV",
      "bulk load",
      "a million rows",
      "process many files",
      "nightly import",
      "data migration",
      "mass update",
      "run in parallel",
      "fan out over a file",
    ],
    ja: [
      "CSV を取り込みたい",
      "一括登録",
      "大量データ",
      "100 万行",
      "ファイルをまとめて処理",
      "夜間の取り込み",
      "データ移行",
      "並列処理",
      "一括更新",
    ],
  },
  services: ["S3", "EventBridge", "Step Functions (Distributed Map)", "Lambda", "DynamoDB", "SQS", "CloudWatch alarms"],
  flow: {
    en: [
      "An object below incoming/ is created; a rule starts the workflow with its name",
      "The Map state reads the file as a stream and makes batches of its rows",
      "A child execution for each batch calls the function, as many at a time as allowed",
      "The function writes the good rows into the table and fails on bad ones, naming them",
      "At the end the results lie in the results bucket, by status, with a manifest",
      "What failed is run again with a redrive: only that",
    ],
    ja: [
      "incoming/ 以下にオブジェクトが作成されると、ルールがその名前を渡してワークフローを開始する",
      "Map ステートがファイルをストリームとして読み、行をバッチにまとめる",
      "バッチごとに子の実行が関数を呼び出す。同時実行数には上限を設ける",
      "関数は正しい行をテーブルに書き込み、不正な行があれば内容を示して失敗する",
      "最後に、状態別の結果とマニフェストが結果バケットに書き出される",
      "失敗した分は redrive でやり直す。成功した分は実行されない",
    ],
  },
  limits: {
    en: [
      "Input of a child: 256 KB; a batch gets fewer rows where they are large",
      "10,000 child executions at a time, 1,000 functions at a time unless raised",
      "The history of an execution: 25,000 events; each child has its own",
      "CSV headers: 10 KB",
      "A redrive is possible for 14 days",
    ],
    ja: [
      "子の実行への入力は 256 KB まで。行が大きいときはバッチの行数が減る",
      "子の実行は同時に 10,000、関数は同時に 1,000（引き上げ可）まで",
      "実行履歴は 25,000 イベントまで。子の実行はそれぞれ独立した履歴を持つ",
      "CSV のヘッダーは 10 KB まで",
      "redrive できるのは 14 日以内",
    ],
  },
  failures: {
    en: [
      {
        what: "A row is bad",
        outcome:
          "Its batch fails: the good rows are written, the bad ones stand with their reason in FAILED_0.json; the rows of the batch count against the tolerated percentage",
      },
      {
        what: "More fails than is tolerated",
        outcome: "The run fails with States.ExceedToleratedFailureThreshold; the alarm is raised",
      },
      { what: "The run is interrupted", outcome: "A redrive runs what failed, was aborted or had not begun" },
      { what: "The table throttles", outcome: "The function tries again with backoff; then its batch fails" },
      { what: "The file cannot be read", outcome: "The run fails with States.ItemReaderFailed and the reason" },
      { what: "The file grows", outcome: "Memory stays flat: rows are read as a stream" },
    ],
    ja: [
      {
        what: "不正な行がある",
        outcome:
          "そのバッチが失敗する。正しい行は書き込まれ、不正な行は理由とともに FAILED_0.json に残る。バッチの行数が許容割合に数えられる",
      },
      {
        what: "失敗が許容割合を超えた",
        outcome: "States.ExceedToleratedFailureThreshold で実行全体が失敗し、アラームが上がる",
      },
      { what: "実行が中断された", outcome: "redrive により、失敗・中断・未着手の分だけが実行される" },
      { what: "テーブルがスロットリングした", outcome: "関数が間隔を空けて再試行し、それでも駄目ならバッチが失敗する" },
      { what: "ファイルを読めない", outcome: "理由を付けて States.ItemReaderFailed で失敗する" },
      { what: "ファイルが大きくなった", outcome: "ストリームとして読むため、メモリ使用量は変わらない" },
    ],
  },
};
