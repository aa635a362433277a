import { versionDifference } from "../functions/runtimes.ts";

/** What runs here and behaves otherwise than on AWS, told of the resources that it concerns. */

type Props = Readonly<Record<string, unknown>>;
type Tell = (props: Props) => string | false;

/** Each sentence is one of the gaps that the services' own headers name. */
const DIFFERENCES: Readonly<Record<string, readonly Tell[]>> = {
  "AWS::DynamoDB::Table": [
    ({ BillingMode }) =>
      BillingMode !== "PAY_PER_REQUEST" && "provisioned throughput does not throttle (inject a fault to see it)",
    ({ SSESpecification }) => SSESpecification !== undefined && "nothing is encrypted on disk; the key is only told",
    ({ PointInTimeRecoverySpecification: recovery }) =>
      (recovery as Props | undefined)?.["PointInTimeRecoveryEnabled"] === true && "there is no restoring of tables",
  ],
  "AWS::Lambda::Function": [
    ({ Runtime }) => (typeof Runtime === "string" && versionDifference(Runtime)) || false,
    ({ Runtime }) =>
      typeof Runtime === "string" &&
      Runtime.startsWith("provided.") &&
      "a custom runtime sees the machine's time, also where the cloud's clock is moved",
    ({ Layers }) =>
      Array.isArray(Layers) &&
      Layers.length > 0 &&
      "layers do not lie at /opt itself: search paths and environment variables name the real place, absolute paths in code do not find it",
    ({ Architectures }) =>
      Array.isArray(Architectures) &&
      Architectures[0] === (process.arch === "arm64" ? "x86_64" : "arm64") &&
      `functions run on this machine's processor (${process.arch}), native add-ons must be built for it`,
    ({ EphemeralStorage }) => EphemeralStorage !== undefined && "the size of /tmp is not enforced",
    ({ TracingConfig }) =>
      (TracingConfig as Props | undefined)?.["Mode"] === "Active" &&
      "traces are Katachi's own; nothing is sent to X-Ray",
  ],
  "AWS::Cognito::UserPool": [
    ({ AutoVerifiedAttributes }) =>
      AutoVerifiedAttributes !== undefined && "codes are not sent by mail or message; they stand in the trace",
  ],
  "AWS::ApiGateway::Stage": [
    ({ TracingEnabled }) => TracingEnabled === true && "traces are Katachi's own; nothing is sent to X-Ray",
  ],
  "AWS::CloudWatch::Dashboard": [() => "the dashboard is kept as given and drawn nowhere"],
  "AWS::KMS::Key": [() => "ciphertexts are of Katachi's own form; only this cloud decrypts them"],
  "AWS::S3::Bucket": [
    ({ BucketEncryption }) =>
      BucketEncryption !== undefined && "bytes are not encrypted on disk; settings and answers are AWS's",
  ],
  "AWS::SQS::Queue": [
    ({ FifoThroughputLimit }) => FifoThroughputLimit !== undefined && "throughput quotas are not enforced",
  ],
  "AWS::SES::EmailIdentity": [() => "mail goes to the inbox of this cloud and not to its receivers"],
};

/** What is different about a resource here, in a sentence each. */
export function differencesOf(type: string, properties: Props): string[] {
  return (DIFFERENCES[type] ?? []).map((tell) => tell(properties)).filter((text) => text !== false);
}
