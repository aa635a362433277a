import type { CatalogEntry } from "../catalog.ts";

export const approvalWorkflow: CatalogEntry = {
  name: "approval-workflow",
  number: "4.3",
  title: { en: "Approval workflow", ja: "業務/承認ワークフロー" },
  description: {
    en:
      "A request goes from person to person: each gets a mail with a link to approve and one to reject. Who does not answer in " +
      "time is escalated over; at the end the requester is told, and a trail says who did what and when. It waits for days and costs nothing meanwhile.",
    ja:
      "申請が承認者から承認者へと回ります。承認者には「承認」「却下」のリンクが付いたメールが届き、期限までに回答がなければ上位者に引き継がれます。" +
      "結果は申請者に通知され、誰がいつ何をしたかが記録に残ります。何日待っても、その間の費用はかかりません。",
  },
  useWhen: {
    en: [
      "People decide, and it may take days",
      "There are several levels, deadlines, somebody in place of somebody",
      "It must be shown afterwards who approved what, and when",
    ],
    ja: [
      "人の判断が必要で、何日かかるか分からない",
      "複数段階の承認、期限、代理の承認者がある",
      "誰がいつ何を承認したかを後から示す必要がある",
    ],
  },
  doNotUseWhen: {
    en: [
      "The answer comes at once, from a system: use flow-api",
      "Approvers have to see and edit documents: build the page with web-backend and send its answer here",
      "Whoever holds the mail must not be able to decide: ask for a sign-in before the decision",
    ],
    ja: [
      "システムがすぐに答えを返す処理（flow-api を使う）",
      "承認者が書類を見て修正する必要がある場合（画面は web-backend で作り、その結果をここに渡す）",
      "メールを持つ人なら誰でも承認できては困る場合（判断の前にサインインを求める）",
    ],
  },
  searchWords: {
    en: [
      "approval",
      "expense request",
      "sign off",
      "manager approves by mail",
      "wait for a person",
      "human in the loop",
      "escalation",
      "reminder when nobody answers",
      "audit trail",
    ],
    ja: [
      "承認",
      "稟議",
      "経費精算",
      "決裁",
      "上長の承認",
      "メールで承認",
      "人の返事を待つ",
      "エスカレーション",
      "期限切れ",
      "監査証跡",
    ],
  },
  services: ["API Gateway (HTTP API)", "Step Functions (Standard)", "Lambda", "SES", "DynamoDB", "CloudWatch alarms"],
  flow: {
    en: [
      "A request is posted; it is written down and a workflow begins under its id",
      "The workflow chooses the levels that the amount needs and asks the first one by mail, with a task token",
      "The approver follows a link; the API believes it by its key, takes the first answer only, and gives it to the workflow",
      "No answer within the deadline: the one above is asked instead, and the old link is too late",
      "The next level is asked, or the end is written down and mailed to the requester",
      "Every step adds a line to the audit trail",
    ],
    ja: [
      "申請が届くと記録し、その ID でワークフローを開始する",
      "金額に応じて必要な承認段階を選び、タスクトークンを使って最初の承認者にメールで尋ねる",
      "承認者がリンクを開くと、API がキーを確かめ、最初の回答だけを受け付けてワークフローに渡す",
      "期限までに回答がなければ代わりの承認者に尋ね、古いリンクは無効になる",
      "次の段階に進むか、結果を記録して申請者にメールで知らせる",
      "どの段階でも監査証跡に 1 行追加される",
    ],
  },
  limits: {
    en: [
      "A workflow may wait for a year; its history holds 25,000 events",
      "SES in the sandbox mails only to verified addresses",
      "Some mail systems open every link by themselves: set confirms for a page with a button",
      "Links hold a key: whoever has the mail can decide",
    ],
    ja: [
      "ワークフローは最長 1 年待てる。履歴は 25,000 イベントまで",
      "サンドボックス中の SES は、検証済みのアドレスにしか送れない",
      "リンクを自動で開くメールシステムがある。その場合は confirms を指定し、ボタン付きの確認ページを挟む",
      "リンクにはキーが含まれるため、メールを持つ人は誰でも回答できる",
    ],
  },
  failures: {
    en: [
      { what: "No answer in three days", outcome: "The one above is asked; then the request is closed as expired" },
      { what: "The link is used twice, or both links are", outcome: "409; the first answer stands" },
      { what: "The token is forged, cut off or of another request", outcome: "400, nothing happens" },
      { what: "The answer comes after the deadline", outcome: "410; the trail notes it" },
      { what: "An approver rejects", outcome: "The requester is told by mail; nobody else is asked" },
      {
        what: "Mail or table refuse for a while",
        outcome: "Tried again with backoff; then the run fails and the alarm is raised",
      },
    ],
    ja: [
      { what: "3 日間回答がない", outcome: "上位者に引き継がれる。それでも回答がなければ期限切れとして終了する" },
      { what: "リンクが 2 回使われた（承認と却下の両方を含む）", outcome: "409。最初の回答が有効" },
      { what: "トークンの偽造、欠落、別の申請のもの", outcome: "400。何も起こらない" },
      { what: "期限後に回答があった", outcome: "410。証跡には残る" },
      { what: "承認者が却下した", outcome: "申請者にメールで知らせる。以降の承認者には尋ねない" },
      {
        what: "メールやテーブルが一時的に使えない",
        outcome: "間隔を空けて再試行し、駄目なら実行が失敗してアラームが上がる",
      },
    ],
  },
};
