/** What `aws cloudformation describe-stacks` says, as far as it is read here. */
export interface Described {
  readonly Stacks: readonly {
    readonly StackName: string;
    readonly Tags?: readonly { readonly Key: string; readonly Value: string }[];
  }[];
}

/** A pull request, as `gh pr list --json number` says it. */
export interface Numbered {
  readonly number: number;
}

interface Choice {
  /** `owner/repository/12`: that pull request's; `owner/repository`: those of all, and then `open` is needed. */
  readonly of: string;
  /** The pull requests that are open: their stacks stay. */
  readonly open?: readonly Numbered[];
}

/** Set by `cdk deploy --tags` in preview.yml, to `owner/repository/12`. A stage without it is none of the workflows'. */
const TAG = 'usher:pull-request';

/** Never, whatever tag they have been given by mistake. */
const KEPT = new Set(['usher-prod', 'usher-dev', 'usher-staging', 'usher-main']);

/**
 * The names of the stacks to take down, those among them that could not be deleted before.
 * @throws Error when it is not said whose, or what is open, or the answer is none of these: better none than all
 */
export function previewStacks({ Stacks }: Described, { of, open }: Choice): readonly string[] {
  const [, repository = '', number] = /^([\w.-]+\/[\w.-]+)(?:\/(\d+))?$/.exec(of) ?? [];
  if (repository === '') throw new Error(`'${of}' is neither a repository nor a pull request of one.`);
  if (number === undefined && open === undefined) throw new Error('Say which pull requests are open.');
  const stay = new Set((open ?? []).map((one) => `${repository}/${wholeNumber(one.number)}`));
  const isLeft = (owner: string | undefined) =>
    owner !== undefined &&
    (number === undefined ? owner.startsWith(`${repository}/`) && !stay.has(owner) : owner === of);
  return Stacks.filter(({ StackName }) => StackName.startsWith('usher-') && !KEPT.has(StackName))
    .filter(({ Tags = [] }) => isLeft(Tags.find(({ Key }) => Key === TAG)?.Value))
    .map(({ StackName }) => StackName);
}

function wholeNumber(value: unknown): number {
  if (Number.isSafeInteger(value)) return value as number;
  throw new Error(`A pull request has a number, not ${JSON.stringify(value)}.`);
}
