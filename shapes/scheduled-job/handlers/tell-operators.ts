import { PutObjectCommand, S3Client } from "@aws-sdk/client-s3";

const s3 = new S3Client();

/** What CloudWatch gives to a function that an alarm calls. Source: "Invoke a Lambda function from an alarm". */
interface AlarmEvent {
  readonly time: string;
  readonly alarmData: {
    readonly alarmName: string;
    readonly state: { readonly value: string; readonly reason: string };
    readonly configuration?: { readonly description?: string };
  };
}

/** Leaves a note for those who look after the jobs. */
export async function handler({ time, alarmData }: AlarmEvent): Promise<void> {
  const { alarmName, state, configuration } = alarmData;
  await s3.send(
    new PutObjectCommand({
      Bucket: process.env["REPORT_BUCKET"],
      Key: `incidents/${time}.json`,
      ContentType: "application/json",
      Body: JSON.stringify({ alarmName, ...state, what: configuration?.description }),
    }),
  );
}
