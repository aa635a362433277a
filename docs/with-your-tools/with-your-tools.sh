#!/usr/bin/env bash
# The AWS CLI, the CDK CLI and the SAM CLI as they come, against a local cloud: each deploys, updates and deletes.
#
#   katachi start --ephemeral &
#   AWS_ENDPOINT_URL=http://127.0.0.1:4566 docs/with-your-tools/with-your-tools.sh
#
# A tool that is not on the PATH is named at the end, and not run.
set -euo pipefail
cd "$(dirname "$0")"
: "${AWS_ENDPOINT_URL:?give the address of the local cloud, e.g. http://127.0.0.1:4566}"
export AWS_ENDPOINT_URL AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test AWS_REGION=us-east-1 AWS_DEFAULT_REGION=us-east-1
export AWS_PAGER="" SAM_CLI_TELEMETRY=0 CDK_DISABLE_CLI_TELEMETRY=1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
ran=() missing=()

with_aws() {
  sed 's/WORD/one/' topic.yaml > "$work/topic.yaml"
  aws cloudformation deploy --stack-name by-aws --template-file "$work/topic.yaml"
  sed 's/WORD/two/' topic.yaml > "$work/topic.yaml"
  aws cloudformation deploy --stack-name by-aws --template-file "$work/topic.yaml"
  topic=$(aws cloudformation describe-stacks --stack-name by-aws --query 'Stacks[0].Outputs[0].OutputValue' --output text)
  name=$(aws sns get-topic-attributes --topic-arn "$topic" --query Attributes.DisplayName --output text)
  [ "$name" = two ] || { echo "aws: the topic is called $name and not two" >&2; exit 1; }
  aws cloudformation delete-stack --stack-name by-aws
  aws cloudformation wait stack-delete-complete --stack-name by-aws
}

with_cdk() {
  # The environment is bootstrapped from the start: `cdk bootstrap` is not needed.
  local app=(--app "node $PWD/cdk/app.mjs" --output "$work/cdk.out")
  WORD=one cdk deploy "${app[@]}" --require-approval never
  WORD=two cdk deploy "${app[@]}" --require-approval never --outputs-file "$work/outputs.json"
  name=$(node -p "JSON.parse(fs.readFileSync('$work/outputs.json'))['by-cdk'].Name")
  value=$(node "$PWD/cdk/read.mjs" "$name")
  [ "$value" = two ] || { echo "cdk: the parameter is $value and not two" >&2; exit 1; }
  WORD=two cdk diff "${app[@]}"
  WORD=two cdk destroy "${app[@]}" --force
}

with_sam() {
  cp -r sam "$work/sam"
  local stack=(--stack-name by-sam --resolve-s3 --capabilities CAPABILITY_IAM --no-confirm-changeset --no-fail-on-empty-changeset)
  sam deploy --template "$work/sam/template.yaml" "${stack[@]}"
  sed -i.bak 's/"one"/"two"/' "$work/sam/app.js"
  sam deploy --template "$work/sam/template.yaml" "${stack[@]}"
  url=$(sam list stack-outputs --stack-name by-sam --output json | node -p "JSON.parse(fs.readFileSync(0))[0].OutputValue")
  said=$(curl -sf "$url")
  [ "$said" = two ] || { echo "sam: the function says $said and not two" >&2; exit 1; }
  sam delete --stack-name by-sam --no-prompts
}

for tool in aws cdk sam; do
  if "$tool" --version > /dev/null 2>&1; then
    echo "== $tool $("$tool" --version 2>&1 | head -1)"
    "with_$tool"
    ran+=("$tool")
  else
    missing+=("$tool")
  fi
done
echo "ran: ${ran[*]:-nothing}"
echo "not run, since not on the PATH: ${missing[*]:-nothing}"
