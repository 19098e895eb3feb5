import { rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/**
 * Writes `aws.env` beside the kept data: what AWS's SDKs and command line have to find in their environment to reach
 * the stand-ins, whose ports are any free ones. It is there only while they run.
 *
 * @returns what takes it away.
 */
export function writeAddresses(dataDir: string, variables: Readonly<Record<string, string>>): () => void {
  const file = path.join(dataDir, 'aws.env');
  const lines = Object.entries(variables).map(([name, value]) => `${name}=${value}\n`);
  writeFileSync(file, lines.join(''));
  return () => rmSync(file, { force: true });
}

/**
 * Writes `outputs.json` beside them: the stack's outputs, by name, as CloudFormation would tell them.
 *
 * @returns what takes it away.
 */
export function writeOutputs(dataDir: string, outputs: Readonly<Record<string, string>>): () => void {
  const file = path.join(dataDir, 'outputs.json');
  writeFileSync(file, JSON.stringify(outputs, undefined, 2));
  return () => rmSync(file, { force: true });
}
