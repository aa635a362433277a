import type { CatalogEntry } from "../catalog.ts";

export const objectProcessing: CatalogEntry = {
  name: "object-processing",
  number: "2.1",
  title: { en: "Processing of uploaded files", ja: "画像処理／シンプルなデータ加工" },
  description: {
    en:
      "A file is uploaded, and moments later what was made of it lies in another bucket: thumbnails, smaller images, a table " +
      "as JSON, extracted text. Nothing runs while nothing is uploaded; a thousand uploads at once are a thousand functions. " +
      "A file that cannot be read does not vanish: it is kept with the reason.",
    ja:
      "ファイルがアップロードされると、すぐに加工して別のバケットに書き出します。サムネイルの作成、画像の圧縮、CSV から JSON への変換、" +
      "テキストの抽出などに向きます。アップロードがない間は何も動かず、同時に千件届けば千件を並行して処理します。読めないファイルは、" +
      "理由とともに失敗キューに残ります。",
  },
  useWhen: {
    en: [
      "Each file can be worked on by itself, within fifteen minutes and 10 GB of memory",
      "Users upload photos and expect small versions at once",
      "Partners drop files that have to be converted",
    ],
    ja: [
      "ファイル 1 件ごとに独立して、15 分・メモリ 10 GB の範囲で処理できる",
      "ユーザーがアップロードした写真を、すぐに縮小して見せたい",
      "取引先から届くファイルを決まった形式に変換したい",
    ],
  },
  doNotUseWhen: {
    en: [
      "One file holds a million rows: use parallel-processing",
      "Several files belong together and are worked on in steps: use batch-etl",
      "Video has to be transcoded: use a media service",
    ],
    ja: [
      "1 つのファイルに 100 万行あるような場合（parallel-processing を使う）",
      "複数のファイルをまとめて、段階を追って処理する場合（batch-etl を使う）",
      "動画の変換（専用のメディアサービスを使う）",
    ],
  },
  searchWords: {
    en: [
      "thumbnails of uploaded photos",
      "resize images",
      "compress pictures",
      "convert a file after upload",
      "csv to json",
      "when a file arrives",
      "extract text from a document",
      "watermark",
    ],
    ja: [
      "サムネイル",
      "写真を小さくする",
      "画像のリサイズ",
      "画像の圧縮",
      "アップロードしたら変換",
      "ファイルが届いたら処理",
      "CSVをJSONに変換",
      "透かしを入れる",
    ],
  },
  services: ["S3", "Lambda", "SQS", "CloudWatch alarms"],
  flow: {
    en: [
      "A file is put into the input bucket",
      "S3 tells the function which object came, at least once",
      "The function looks whether this object, or a later one of its name, has its result already",
      "It reads the object, checks its header before it decodes anything, and makes the results",
      "The results are written below the object's ETag, and last the file that says what they are",
      "What throws is tried twice more, and then kept in the failure queue with its reason; an alarm goes off",
    ],
    ja: [
      "入力バケットにファイルが置かれる",
      "S3 が関数に知らせる（同じ通知が 2 回届くこともある）",
      "関数は、同じファイルかより新しい版の結果がすでにあるかを確かめる",
      "ファイルを読み、展開する前にヘッダーで大きさを確認してから加工する",
      "結果を ETag ごとの場所に書き、最後に結果の一覧（result.json）を書く",
      "例外で終わると 2 回再試行し、それでも失敗すれば理由とともに失敗キューに残して、アラームを上げる",
    ],
  },
  limits: {
    en: [
      "A function has 10 GB of memory, 10 GB of /tmp and fifteen minutes: a decoded photo takes four bytes a pixel",
      "Notifications come at least once and in no order; the sequencer tells which of two is later",
      "Two notifications of a bucket must not overlap in prefix and suffix; suffixes are case-sensitive",
      "A function that writes into the bucket that calls it calls itself for ever: hence the second bucket",
      "1,000 functions at a time by default in an account and Region: set a limit where others need their share",
    ],
    ja: [
      "関数のメモリと /tmp は最大 10 GB、実行時間は 15 分まで。展開した画像は 1 画素あたり 4 バイトを使う",
      "通知は重複や順序の入れ替わりがある。sequencer で新旧を判定する",
      "1 つのバケットで、接頭辞と接尾辞が重なる通知は設定できない。接尾辞は大文字と小文字を区別する",
      "入力と同じバケットに書くと、関数が自分自身を呼び続ける。そのため結果は別のバケットに置く",
      "同時実行は既定でアカウントとリージョンごとに 1,000。ほかの処理に影響するなら上限を設ける",
    ],
  },
  failures: {
    en: [
      { what: "A photo was cut off during the upload", outcome: "Kept in the failure queue: damaged or cut off" },
      { what: "An empty file", outcome: "Kept in the failure queue: 0 bytes" },
      { what: "An image of 200 megapixels", outcome: "Refused by its header, before memory runs out" },
      { what: "The same object is delivered twice", outcome: "One result; the second call finds it and ends" },
      { what: "The file is replaced while it is worked on", outcome: "The later one's result stands" },
      { what: "S3 is slow or throttles", outcome: "The SDK and Lambda try again; nothing is lost" },
    ],
    ja: [
      {
        what: "アップロードの途中で切れた画像",
        outcome: "「破損しているか途中で切れている」という理由で失敗キューに残る",
      },
      { what: "0 バイトのファイル", outcome: "空であることを理由に失敗キューに残る" },
      { what: "2 億画素の画像", outcome: "ヘッダーで判定して拒否し、メモリ不足で落ちることを防ぐ" },
      { what: "同じ通知が 2 回届いた", outcome: "結果は 1 つ。2 回目は何もせずに終わる" },
      { what: "処理中にファイルが差し替えられた", outcome: "新しいほうの結果だけが残る" },
      { what: "S3 の遅延やスロットリング", outcome: "SDK と Lambda が再試行し、失われない" },
    ],
  },
};
