import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { App, Validations } from 'aws-cdk-lib';
import { Code } from 'aws-cdk-lib/aws-lambda';
import { AwsSolutionsChecks } from 'cdk-nag';
import { bundleFunctions } from '../lib/bundling/bundle-functions.ts';
import { nameIn, readStage } from '../lib/stage.ts';
import { UsherStack } from '../lib/usher-stack.ts';
import { loadCatalog } from '../shared/catalog.ts';

loadCatalog(); // a catalogue that would stop every function stops the deployment

const outDir = fileURLToPath(new URL('../dist/functions', import.meta.url));

const app = new App({ analyticsReporting: false });
const stage = readStage((key) => app.node.tryGetContext(key) as unknown);
await bundleFunctions({ outDir });
new UsherStack(app, nameIn(stage), { stage, code: (name) => Code.fromAsset(join(outDir, name)) });
Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
