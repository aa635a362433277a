import { Command } from "commander";
import { UserError } from "./user-error.ts";
import { version } from "./version.ts";

/** Each command's module is loaded when it is asked for: `katachi start` must be up in a blink. */
function program(): Command {
  const katachi = new Command("katachi")
    .description("Serverless, by shape: run, test and deploy AWS serverless applications on your own machine.")
    .version(version)
    .showSuggestionAfterError()
    .configureHelp({ showGlobalOptions: true })
    .option("--json", "print facts as JSON")
    .addHelpText("after", EXAMPLES);

  katachi
    .command("start")
    .description("start the bare local cloud; prints `ready http://127.0.0.1:PORT` when it serves")
    .option("-p, --port <port>", "port for the AWS APIs (0: a free one)", "4566")
    .option("--console-port <port>", "port for the console (default: 4567, else a free one)")
    .option("--smtp-port <port>", "port where any mail client may send to the inbox (default: 1025, where it is free)")
    .option("--mock-config <file>", "mocked service integrations of state machines, as Step Functions Local takes them")
    .option("--host <address>", "address to listen on", "127.0.0.1")
    .option("--data <directory>", "where state is kept (default: .katachi/data)")
    .option("--ephemeral", "keep nothing")
    .option("--auth <mode>", "relaxed: any well-formed credentials; strict: signatures are verified", "relaxed")
    .action(async (_options, command: Command) =>
      (await import("./commands/start.ts")).start(command.optsWithGlobals()),
    );

  katachi
    .command("dev")
    .description("run an application on the local cloud and follow its changes: a CDK app, a template, or a shape")
    .argument("[path]", "folder with cdk.json, template file, cdk.out folder, or the name of a shape", ".")
    .option("-p, --port <port>", "port for the AWS APIs (0: a free one)", "4566")
    .option("--console-port <port>", "port for the console (default: 4567, else a free one)")
    .option("--smtp-port <port>", "port where any mail client may send to the inbox (default: 1025, where it is free)")
    .option("--mock-config <file>", "mocked service integrations of state machines, as Step Functions Local takes them")
    .option("--host <address>", "address to listen on", "127.0.0.1")
    .option("--data <directory>", "where state is kept (default: .katachi/data)")
    .option("--ephemeral", "keep nothing")
    .option("--auth <mode>", "relaxed: any well-formed credentials; strict: signatures are verified", "relaxed")
    .option("--no-watch", "deploy once and do not follow changes")
    .option(
      "--inspect <function[:port]>",
      "debug the function whose name holds this text, as node --inspect (port: 9229)",
    )
    .action(async (path: string, _options, command: Command) =>
      (await import("./commands/dev.ts")).dev(path, command.optsWithGlobals()),
    );

  katachi
    .command("deploy")
    .description("deploy an application to the running local cloud, or to AWS through the CDK CLI")
    .argument("[path]", "folder with cdk.json, template file, cdk.out folder, or the name of a shape", ".")
    .option("--to <where>", "local or aws", "local")
    .option("-p, --port <port>", "port of the running local cloud", "4566")
    .action(async (path: string, _options, command: Command) =>
      (await import("./commands/deploy.ts")).deploy(path, command.optsWithGlobals()),
    );

  katachi
    .command("check")
    .description("say of an application, before it runs, what runs, what runs otherwise and what does not run")
    .argument("[path]", "folder with cdk.json, template file, cdk.out folder, or the name of a shape", ".")
    .option("--sarif", "print a SARIF 2.1.0 log, for code scanning")
    .option("--strict", "fail also on differences, and on what cfn-lint calls an error")
    .option("--no-cfn-lint", "do not ask cfn-lint, where it is on the PATH")
    .addHelpText("after", "\nExit codes: 0 it runs, 1 something does not run, 2 the command line was wrong.")
    .action(async (path: string, _options, command: Command) =>
      (await import("./commands/check.ts")).check(path, command.optsWithGlobals()),
    );

  running(katachi, "status", "what runs: addresses, time, services, what was refused").action(
    async (_options, command: Command) => (await import("./commands/status.ts")).status(command.optsWithGlobals()),
  );

  running(katachi, "stop", "stop the running local cloud").action(async (_options, command: Command) =>
    (await import("./commands/stop.ts")).stop(command.optsWithGlobals()),
  );

  running(katachi, "time", "show the local cloud's time, or move it on")
    .argument("[by]", 'how far, e.g. +3d, 90min, "1 day 2 hours"')
    .action(async (by: string | undefined, _options, command: Command) =>
      (await import("./commands/time.ts")).time(by, command.optsWithGlobals()),
    );

  running(katachi, "logs", "show what functions and APIs logged")
    .argument("[group]", "log group, or a part of its name (default: all)")
    .option("-f, --follow", "go on as lines come")
    .option("--filter <pattern>", "CloudWatch Logs filter pattern, e.g. ERROR or '{ $.status = 500 }'")
    .option("--since <duration>", "how far back", "1h")
    .action(async (group: string | undefined, _options, command: Command) =>
      (await import("./commands/logs.ts")).logs(group, command.optsWithGlobals()),
    );

  running(katachi, "trace", "show who called whom, with what came of it and how IAM decided")
    .argument("[traceId]", "one trace, as a tree (default: the newest calls)")
    .option("-n, --limit <count>", "how many calls", "50")
    .option("--name <text>", "calls whose name holds this, e.g. dynamodb or lambda:Invoke")
    .option("--errors", "only calls that failed")
    .option("-f, --follow", "go on as calls come")
    .action(async (traceId: string | undefined, _options, command: Command) =>
      (await import("./commands/trace.ts")).trace(traceId, command.optsWithGlobals()),
    );

  const fault = katachi.command("fault").description("inject errors and delays into calls, to see what then happens");
  running(fault, "add", "inject a fault; prints its id")
    .argument("<match>", "which calls: SERVICE:OPERATION such as sqs:SendMessage, SERVICE:*, or *")
    .option("--error <code>", "AWS error code to answer with, e.g. ThrottlingException")
    .option("--rate <share>", "share of the calls that it hits, 0 to 1", "1")
    .option("--delay <duration>", "let the call wait first, e.g. 2s (of the cloud's clock)")
    .option("--status <code>", "HTTP status of the error (default: the usual one of the code)")
    .option("--message <text>", "message of the error")
    .action(async (match: string, _options, command: Command) =>
      (await import("./commands/fault.ts")).addFault(match, command.optsWithGlobals()),
    );
  running(fault, "list", "show the faults that are injected").action(async (_options, command: Command) =>
    (await import("./commands/fault.ts")).listFaults(command.optsWithGlobals()),
  );
  running(fault, "lift", "lift one fault")
    .argument("<id>", "its id, as add and list print it")
    .action(async (id: string, _options, command: Command) =>
      (await import("./commands/fault.ts")).liftFault(id, command.optsWithGlobals()),
    );
  running(fault, "clear", "lift all faults").action(async (_options, command: Command) =>
    (await import("./commands/fault.ts")).clearFaults(command.optsWithGlobals()),
  );

  return katachi;
}

function running(katachi: Command, name: string, description: string): Command {
  return katachi
    .command(name)
    .description(description)
    .option("-p, --port <port>", "port of the running local cloud", "4566");
}

const EXAMPLES = `
Examples:
  $ katachi dev web-backend            an order form, running on your machine
  $ katachi dev ./my-cdk-app           your own application
  $ katachi start --ephemeral          just the cloud; AWS_ENDPOINT_URL=http://127.0.0.1:4566 aws s3 ls
  $ katachi time +3d                   three days pass
  $ katachi fault add sqs:SendMessage --error ThrottlingException --rate 0.1
`;

/** Exit codes: 0 done, 1 something failed, 2 the command line was wrong (also commander's). */
async function main(): Promise<void> {
  try {
    await program().exitOverride().parseAsync();
  } catch (error) {
    process.exitCode = report(error);
  }
}

function report(error: unknown): number {
  const { code, exitCode, message } = error as { code?: string; exitCode?: number; message: string };
  if (code?.startsWith("commander.")) return exitCode === 0 ? 0 : 2;
  const json = process.argv.includes("--json");
  if (error instanceof UserError) {
    console.error(json ? JSON.stringify({ error: error.message }) : `katachi: ${error.message}`);
    return error.exitCode;
  }
  console.error(`katachi: this should not have happened: ${message}`);
  if (process.env["KATACHI_DEBUG"]) console.error(error);
  else console.error("Set KATACHI_DEBUG=1 to see where, and please report it.");
  return 1;
}

await main();
