/** The drills, as tests and docs/drills.md name them. */
export const DRILLS = {
  flush: 'The cache flushed in full operation',
  throttle: 'The table throttled',
  momento: 'Momento down',
  ssm: 'Parameter Store down',
  invalid: 'A catalogue deployed that is not valid',
  wrong: 'A catalogue deployed that is valid and wrong',
} as const;

export type Drill = (typeof DRILLS)[keyof typeof DRILLS];
