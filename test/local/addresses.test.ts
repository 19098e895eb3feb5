import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { expect, test } from 'vitest';
import { writeAddresses, writeOutputs } from '../../local/addresses.ts';

test('where the stand-ins are is written for AWS’s SDKs to take from their environment, while they run', () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'usher-data-'));
  const file = join(dataDir, 'aws.env');
  const variables = { AWS_REGION: 'eu-west-1', AWS_ENDPOINT_URL_SSM: 'http://127.0.0.1:4321' };
  const remove = writeAddresses(dataDir, variables);
  expect(parseEnv(readFileSync(file, 'utf8'))).toEqual(variables);
  remove();
  expect(existsSync(file)).toBe(false);
  rmSync(dataDir, { recursive: true });
});

test('the stack’s outputs are written as CloudFormation would tell them, while it runs', () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'usher-data-'));
  const file = join(dataDir, 'outputs.json');
  const outputs = { ApiUrl: 'http://127.0.0.1:4321/local', StageName: 'local' };
  const remove = writeOutputs(dataDir, outputs);
  expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual(outputs);
  remove();
  expect(existsSync(file)).toBe(false);
  rmSync(dataDir, { recursive: true });
});
