import { App, CfnOutput, Stack } from "aws-cdk-lib";
import { StringParameter } from "aws-cdk-lib/aws-ssm";

const stack = new Stack(new App(), "by-cdk");
const word = new StringParameter(stack, "Word", { stringValue: process.env["WORD"] ?? "" });
new CfnOutput(stack, "Name", { value: word.parameterName });
