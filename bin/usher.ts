import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { App, Validations } from 'aws-cdk-lib';
import { Code } from 'aws-cdk-lib/aws-lambda';
import { AwsSolutionsChecks } from 'cdk-nag';
import { buildPlayer } from '../lib/bundling/build-player.ts';
import { bundleFunctions } from '../lib/bundling/bundle-functions.ts';
import { TemplateLimits } from '../lib/limits/template-limits.ts';
import { settingsIn } from '../lib/settings.ts';
import { nameIn, readStage } from '../lib/stage.ts';
import { UsherStack } from '../lib/usher-stack.ts';
import { loadCatalog } from '../shared/catalog.ts';

loadCatalog(); // a catalogue that would stop every function stops the deployment

const dist = fileURLToPath(new URL('../dist', import.meta.url));
const outDir = join(dist, 'functions');

const app = new App({ analyticsReporting: false });
const stage = readStage(settingsIn(app.node.getAllContext() as Record<string, unknown>));
await bundleFunctions({ outDir, cacheDir: join(dist, '../node_modules/.cache/usher/functions') });
new UsherStack(app, nameIn(stage), {
  stage,
  code: (name) => Code.fromAsset(join(outDir, name)),
  ...(stage.player && { playerBuild: await buildPlayer({ outDir: join(dist, 'player') }) }),
});
Validations.of(app).addPlugins(new AwsSolutionsChecks(app), new TemplateLimits());
