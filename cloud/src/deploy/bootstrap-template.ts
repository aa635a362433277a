/**
 * What `cdk bootstrap` puts into an account and Region, as far as deployments here need it: the version that the CDK CLI
 * asks for, the roles that it assumes, the bucket of its file assets. The names and permissions are those of the CDK's own
 * template ("CDK bootstrapping").
 * Gap: no repository for image assets, and no key; images are refused when they are deployed.
 */
export const BOOTSTRAP_QUALIFIER = "hnb659fds";
export const BOOTSTRAP_STACK = "CDKToolkit";

/** The version of the CDK's bootstrap template that this one follows. */
const VERSION = "33";

const role = (name: string) => ({ "Fn::Sub": `cdk-\${Qualifier}-${name}-role-\${AWS::AccountId}-\${AWS::Region}` });
const tagged = (name: string) => [{ Key: "aws-cdk:bootstrap-role", Value: name }];
const managed = (name: string) => [{ "Fn::Sub": `arn:\${AWS::Partition}:iam::aws:policy/${name}` }];
const assumedBy = (principal: object, ...actions: string[]) => ({
  Version: "2012-10-17",
  Statement: [{ Effect: "Allow", Action: actions, Principal: principal }],
});
const account = { AWS: { Ref: "AWS::AccountId" } };
const bucket = [{ "Fn::GetAtt": ["StagingBucket", "Arn"] }, { "Fn::Sub": "${StagingBucket.Arn}/*" }];
const allow = (Action: string[], Resource: unknown) => ({ Effect: "Allow", Action, Resource });
const policy = (PolicyName: string, ...Statement: object[]) => [
  { PolicyName, PolicyDocument: { Version: "2012-10-17", Statement } },
];

export const BOOTSTRAP_TEMPLATE = {
  Description: "This stack includes resources needed to deploy AWS CDK apps into this environment",
  Parameters: { Qualifier: { Type: "String", Default: BOOTSTRAP_QUALIFIER } },
  Resources: {
    StagingBucket: {
      Type: "AWS::S3::Bucket",
      Properties: {
        BucketName: { "Fn::Sub": "cdk-${Qualifier}-assets-${AWS::AccountId}-${AWS::Region}" },
        VersioningConfiguration: { Status: "Enabled" },
        PublicAccessBlockConfiguration: {
          BlockPublicAcls: true,
          BlockPublicPolicy: true,
          IgnorePublicAcls: true,
          RestrictPublicBuckets: true,
        },
      },
      UpdateReplacePolicy: "Retain",
      DeletionPolicy: "Retain",
    },
    FilePublishingRole: {
      Type: "AWS::IAM::Role",
      Properties: {
        RoleName: role("file-publishing"),
        AssumeRolePolicyDocument: assumedBy(account, "sts:AssumeRole", "sts:TagSession"),
        Policies: policy(
          "default",
          allow(
            [
              "s3:GetObject*",
              "s3:GetBucket*",
              "s3:GetEncryptionConfiguration",
              "s3:List*",
              "s3:DeleteObject*",
              "s3:PutObject*",
              "s3:Abort*",
            ],
            bucket,
          ),
        ),
        Tags: tagged("file-publishing"),
      },
    },
    ImagePublishingRole: {
      Type: "AWS::IAM::Role",
      Properties: {
        RoleName: role("image-publishing"),
        AssumeRolePolicyDocument: assumedBy(account, "sts:AssumeRole", "sts:TagSession"),
        Tags: tagged("image-publishing"),
      },
    },
    LookupRole: {
      Type: "AWS::IAM::Role",
      Properties: {
        RoleName: role("lookup"),
        AssumeRolePolicyDocument: assumedBy(account, "sts:AssumeRole", "sts:TagSession"),
        ManagedPolicyArns: managed("ReadOnlyAccess"),
        Policies: policy("LookupRolePolicy", {
          Sid: "DontReadSecrets",
          Effect: "Deny",
          Action: ["kms:Decrypt"],
          Resource: "*",
        }),
        Tags: tagged("lookup"),
      },
    },
    DeploymentActionRole: {
      Type: "AWS::IAM::Role",
      Properties: {
        RoleName: role("deploy"),
        AssumeRolePolicyDocument: assumedBy(account, "sts:AssumeRole", "sts:TagSession"),
        ManagedPolicyArns: managed("AWSCloudFormationReadOnlyAccess"),
        Policies: policy(
          "default",
          allow(
            [
              "cloudformation:CreateChangeSet",
              "cloudformation:DeleteChangeSet",
              "cloudformation:ExecuteChangeSet",
              "cloudformation:CreateStack",
              "cloudformation:UpdateStack",
              "cloudformation:RollbackStack",
              "cloudformation:ContinueUpdateRollback",
              "cloudformation:DeleteStack",
              "cloudformation:UpdateTerminationProtection",
              "sts:GetCallerIdentity",
            ],
            "*",
          ),
          allow(["iam:PassRole"], { "Fn::GetAtt": ["CloudFormationExecutionRole", "Arn"] }),
          allow(["s3:GetObject*", "s3:GetBucket*", "s3:List*"], bucket),
          allow(["ssm:GetParameter", "ssm:GetParameters"], {
            "Fn::Sub": "arn:${AWS::Partition}:ssm:${AWS::Region}:${AWS::AccountId}:parameter${CdkBootstrapVersion}",
          }),
        ),
        Tags: tagged("deploy"),
      },
    },
    CloudFormationExecutionRole: {
      Type: "AWS::IAM::Role",
      Properties: {
        RoleName: role("cfn-exec"),
        AssumeRolePolicyDocument: assumedBy({ Service: "cloudformation.amazonaws.com" }, "sts:AssumeRole"),
        ManagedPolicyArns: managed("AdministratorAccess"),
      },
    },
    CdkBootstrapVersion: {
      Type: "AWS::SSM::Parameter",
      Properties: { Type: "String", Name: { "Fn::Sub": "/cdk-bootstrap/${Qualifier}/version" }, Value: VERSION },
    },
  },
  Outputs: {
    BucketName: {
      Description: "The name of the S3 bucket owned by the CDK toolkit stack",
      Value: { Ref: "StagingBucket" },
    },
    BucketDomainName: {
      Description: "The domain name of the S3 bucket owned by the CDK toolkit stack",
      Value: { "Fn::GetAtt": ["StagingBucket", "RegionalDomainName"] },
    },
    BootstrapVersion: {
      Description: "The version of the bootstrap resources that are currently mastered in this stack",
      Value: VERSION,
    },
  },
} as const;
