#!/usr/bin/env bash
# Takes the stacks named as arguments down and waits until they are gone; goes on with the next when one does not go,
# and fails at the end. A stack that is being deployed just now is left to finish first: CloudFormation refuses to
# delete one halfway through an update. It needs no code of the stage: what has to go goes with the stack.
set -euo pipefail

pause=${PAUSE_SECONDS:-20}

statusOf() {
  local status
  if status=$(aws cloudformation describe-stacks --stack-name "$1" --query 'Stacks[0].StackStatus' --output text 2>&1); then
    echo "$status"
  elif [[ $status == *'does not exist'* ]]; then
    echo GONE
  else
    echo "$status" >&2
    return 1
  fi
}

takeDown() {
  local stack=$1 status
  status=$(statusOf "$stack") || return 1
  while [[ $status == *_IN_PROGRESS && $status != DELETE_IN_PROGRESS ]]; do
    echo "$stack: waiting, it is $status …"
    sleep "$pause"
    status=$(statusOf "$stack") || return 1
  done
  if [ "$status" = GONE ]; then
    echo "$stack: there is none."
    return
  fi
  echo "$stack: taking it down …"
  aws cloudformation delete-stack --stack-name "$stack" || return 1
  aws cloudformation wait stack-delete-complete --stack-name "$stack" || return 1
  echo "$stack: gone."
}

failed=0
for stack in "$@"; do
  if ! takeDown "$stack"; then
    echo "::error::$stack is not gone: look at its events in CloudFormation."
    failed=1
  fi
done
exit "$failed"
