import type { CatalogEntry } from "../catalog.ts";

export const scheduledJob: CatalogEntry = {
  name: "scheduled-job",
  number: "2.2",
  title: { en: "Scheduled job", ja: "スケジュールジョブ／CRON" },
  description: {
    en:
      "Work that is done at a time of day, every so often, or once on a date, without a server that waits for it. Each run " +
      "knows which point in time it is for, two never overlap, and one that was given up is kept and raises an alarm, which " +
      "may call a function of its own.",
    ja:
      "決まった時刻や間隔で、あるいは指定した日時に一度だけ処理を動かします。待機するサーバーは要りません。実行ごとに「どの時刻の分か」が" +
      "渡され、前回と重なって動くことはありません。失敗した実行は捨てられずに残り、アラームから別の関数を呼び出せます。",
  },
  useWhen: {
    en: [
      "A nightly report, a monthly invoice run, a clean-up every fifteen minutes",
      "The work takes less than fifteen minutes",
      "It has to follow local time, daylight saving included",
      "Something must react by itself when an alarm goes off",
    ],
    ja: [
      "夜間の集計、月次の請求、定期的な掃除などを動かしたい",
      "1 回の処理が 15 分以内に終わる",
      "夏時間のある地域も含めて、現地時刻で動かしたい",
      "アラームをきっかけに自動で対処したい",
    ],
  },
  doNotUseWhen: {
    en: [
      "The work has several steps that are resumed one by one, or lasts longer: use batch-etl",
      "It has to begin within the second: the scheduler begins within the minute",
      "Something happened and ought to be reacted to: use the event instead of looking for it every minute",
    ],
    ja: [
      "複数の工程を途中から再開したい、または 15 分を超える場合（batch-etl を使う）",
      "秒単位の正確さが要る場合（開始は分単位）",
      "何かが起きたことに反応したい場合（毎分調べに行かず、イベントを受け取る）",
    ],
  },
  searchWords: {
    en: [
      "cron job",
      "every night",
      "daily report",
      "first day of the month",
      "monthly invoices",
      "every fifteen minutes",
      "run once at a date",
      "reminder at a time",
      "periodic clean-up",
      "when an alarm goes off",
    ],
    ja: [
      "定期実行",
      "毎晩",
      "毎朝",
      "毎月1日",
      "月次の請求書",
      "日次レポート",
      "夜間バッチ",
      "定時に起動",
      "15分おき",
      "アラームが鳴ったら自動対応",
    ],
  },
  services: ["EventBridge Scheduler", "Lambda", "DynamoDB", "SQS", "CloudWatch alarms"],
  flow: {
    en: [
      "The scheduler finds the next time by the clock of the time zone",
      "It calls the function asynchronously, with the time that the run is for",
      "The run takes the job's lock; where another run holds it, the run leaves the work to that one",
      "The function works and gives the lock back",
      "What throws is tried again after one minute and after two more; then it is kept in the dead-letter queue",
      "The alarm on that queue goes off and calls the function for alarms",
    ],
    ja: [
      "スケジューラーが、タイムゾーンに従って次の時刻を決める",
      "対象の時刻を添えて、関数を非同期で呼び出す",
      "実行はロックを取る。ほかの実行が持っていれば、何もせずに終わる",
      "処理を済ませ、ロックを返す",
      "例外で終わると 1 分後、さらに 2 分後に再試行し、それでも失敗すればデッドレターキューに残す",
      "キューのアラームが上がり、アラーム用の関数が呼ばれる",
    ],
  },
  limits: {
    en: [
      "A run lasts fifteen minutes at most",
      "Precision is one minute: a run begins within sixty seconds after its time, or within the flexible window",
      "A time that daylight saving leaves out is skipped; one that comes twice is run once",
      "Schedules call at least once: a run may come twice, so what it writes goes by the time that it is for",
      "1,000,000 schedules for an account and Region; 500 groups",
      "Asynchronous events wait six hours at most",
    ],
    ja: [
      "1 回の実行は最長 15 分",
      "精度は分単位。時刻から 60 秒以内（柔軟な時間枠を使う場合はその枠内）に始まる",
      "夏時間で存在しない時刻は飛ばされ、2 回ある時刻でも 1 回だけ動く",
      "まれに 2 回呼ばれることがある。対象の時刻をキーにして書き込み、2 回動いても同じ結果になるようにする",
      "スケジュールはアカウントとリージョンごとに 100 万件まで、グループは 500 件まで",
      "非同期の呼び出しが待てるのは最長 6 時間",
    ],
  },
  failures: {
    en: [
      { what: "The job throws", outcome: "Tried again twice, then kept in the dead-letter queue with an alarm" },
      { what: "The run before is still going", outcome: "The new one says so and does nothing" },
      { what: "A run is killed half-way", outcome: "Its lock ends when that run would have ended in any case" },
      { what: "The function is throttled", outcome: "Lambda keeps the event and tries for up to six hours" },
      { what: "The schedule may not call the function", outcome: "The call is kept in the dead-letter queue" },
      { what: "An expression that cannot be", outcome: "Refused when the application is synthesized" },
    ],
    ja: [
      {
        what: "ジョブが例外で終わった",
        outcome: "2 回再試行したのちデッドレターキューに残り、アラームが上がる",
      },
      { what: "前回の実行がまだ終わっていない", outcome: "新しい実行は、その旨を記録して何もせずに終わる" },
      { what: "実行が途中で強制終了した", outcome: "ロックはタイムアウト分の時間で失効し、次回は通常どおり動く" },
      { what: "関数がスロットリングされた", outcome: "Lambda が最長 6 時間、再試行を続ける" },
      { what: "スケジュールに呼び出しの権限がない", outcome: "呼び出しがデッドレターキューに残る" },
      { what: "スケジュール式が誤っている", outcome: "合成（synth）の時点で拒否される" },
    ],
  },
};
