#!/usr/bin/env bash
# Comments on the pull request $NUMBER with the text on standard input: in the place of the comment that it wrote there
# last, if there is one, so that a pull request has one comment however often it is deployed.
# Needs GH_TOKEN with pull-requests: write, and GITHUB_REPOSITORY.
set -euo pipefail

marker='<!-- usher: preview -->'
body="$marker
$(cat)"

earlier=$(
  gh api --paginate "repos/$GITHUB_REPOSITORY/issues/$NUMBER/comments" \
    --jq ".[] | select(.user.type == \"Bot\" and (.body | startswith(\"$marker\"))) | .id"
)
id=$(head -n 1 <<<"$earlier")

if [ -n "$id" ]; then
  gh api --method PATCH "repos/$GITHUB_REPOSITORY/issues/comments/$id" -f "body=$body" >/dev/null
else
  gh api --method POST "repos/$GITHUB_REPOSITORY/issues/$NUMBER/comments" -f "body=$body" >/dev/null
fi
