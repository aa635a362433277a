import { GetParameterCommand, SSMClient } from "@aws-sdk/client-ssm";

const { Parameter } = await new SSMClient({}).send(new GetParameterCommand({ Name: process.argv[2] }));
console.log(Parameter?.Value);
