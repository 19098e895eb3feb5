import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Check } from '../../../local/iam/gate.ts';
import type { Origin } from '../../../local/iam/policies.ts';
import { synthesized } from '../../support/synthesized.ts';
import { startStack } from '../support.ts';
import { beginLife, type Life } from './life.ts';
import { STEPS } from './steps.ts';

/**
 * Lives the life of a stack whose template lacks one statement, until something is denied.
 * @returns what was denied, `undefined` when nothing was.
 */
export async function firstDeniedWithout(origin: Origin): Promise<Check | undefined> {
  const assembly = assemblyWithout(origin);
  const { promise: denied, resolve } = Promise.withResolvers<Check>();
  const onCheck = (check: Check) => void (check.allowedBy ?? resolve(check));
  const starting = startStack({ assembly, onCheck }).then(beginLife);
  try {
    return await Promise.race([denied, starting.then(liveOn)]);
  } finally {
    const life = await starting.catch(() => undefined); // denied something while it started, it does not start
    await life?.end();
    rmSync(assembly, { recursive: true });
  }
}

/** A step that fails is of no interest here, only what was denied. */
async function liveOn(life: Life): Promise<undefined> {
  for (const { live } of STEPS) await live(life).catch(() => {});
}

/** A copy of the assembly, but for its template. */
function assemblyWithout({ policy, index }: Origin): string {
  const directory = mkdtempSync(join(tmpdir(), 'usher-without-'));
  cpSync(synthesized().assembly, directory, { recursive: true });
  const [file = ''] = readdirSync(directory).filter((name) => name.endsWith('.template.json'));
  const template = JSON.parse(readFileSync(join(directory, file), 'utf8')) as {
    Resources: Record<string, { Properties: { PolicyDocument: { Statement: unknown[] } } }>;
  };
  template.Resources[policy]!.Properties.PolicyDocument.Statement.splice(index, 1);
  writeFileSync(join(directory, file), JSON.stringify(template));
  return directory;
}
