import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { EVERYTHING, resourcesOf, synthesize } from './synthesize.ts';

const root = new URL('../../', import.meta.url);
const read = (path: string) => readFile(new URL(path, root), 'utf8');

const runbook = await read('docs/runbook.md');
const [onAlarms = '', onOthers = ''] = runbook.split('\n# Without an alarm\n');
const template = synthesize({ stageName: 'prod', ...EVERYTHING });
const alarms = Object.values(resourcesOf(template, 'AWS::CloudWatch::Alarm')).map(
  ({ Properties }) => Properties,
);

/** Each section's text, by its heading. */
function sectionsOf(page: string): ReadonlyMap<string, string> {
  const sections = page.split(/^## /m).slice(1);
  return new Map(sections.map((section): [string, string] => [section.split('\n', 1)[0] ?? '', section]));
}

const sections = sectionsOf(onAlarms);

describe('the runbook', () => {
  it('has a section on every alarm, and none on what is no alarm', () => {
    const names = alarms.map(({ AlarmName }) => String(AlarmName).replace('usher-prod-', ''));
    expect([...sections.keys()].toSorted()).toEqual(names.toSorted());
  });

  it.each([...sections])(
    'says of %s what viewers notice, where to look, and when to do nothing',
    (_, text) => {
      for (const part of ['**Viewers**', '**Look first**', '**Nothing to do**']) expect(text).toContain(part);
    },
  );

  it('is where each alarm’s description leads', () => {
    for (const { AlarmName, AlarmDescription } of alarms) {
      const name = String(AlarmName).replace('usher-prod-', '');
      expect(AlarmDescription).toMatch(new RegExp(` docs/runbook\\.md#${name}$`));
    }
  });

  it('leads nowhere that is not there', async () => {
    const headings = [...sections.keys(), ...sectionsOf(onOthers).keys()].map(anchorOf);
    for (const [, page = '', anchor = ''] of runbook.matchAll(/\]\(([\w.-]*)#([\w-]+)\)/g)) {
      const there = page === '' ? headings : anchorsIn(await read(`docs/${page}`));
      expect(there, `${page}#${anchor}`).toContain(anchor);
    }
  });

  it('asks the logs of functions that there are, for lines that they write', async () => {
    const groups = Object.values(resourcesOf(template, 'AWS::Logs::LogGroup')).map(
      ({ Properties }) => Properties['LogGroupName'],
    );
    const asked = [...runbook.matchAll(/\/aws\/lambda\/usher-prod-[a-z-]*[a-z]/g)].map(([group]) => group);
    expect(asked.filter((group) => !groups.includes(group))).toEqual([]);
    const sources = await sourcesUnder(['functions', 'shared']);
    const messages = [...runbook.matchAll(/(?:\$\.|filter )message = "([^"]+)"/g)].map(
      ([, message]) => message,
    );
    expect(messages).not.toHaveLength(0);
    expect(messages.filter((message) => !sources.includes(`'${message}'`))).toEqual([]);
  });

  it('names every metric that is counted, and no other', async () => {
    const counted = [
      ...(await read('shared/lambda/metrics.ts')).matchAll(/^ {2}\| '(\w+)'|= '(\w+)' \| '(\w+)'/gm),
    ];
    const names = counted.flatMap(([, ...found]) => found.filter((name) => name !== undefined));
    const told = sectionsOf(onOthers).get('Metrics') ?? '';
    const list = told.slice(0, told.indexOf('. A function')).matchAll(/`([A-Z]\w+)`/g);
    expect([...list].map(([, name = '']) => name).toSorted()).toEqual(names.toSorted());
    expect(names).toHaveLength(12);
  });
});

describe('the alarms', () => {
  it('tell the topic that the stage is given, and of their end too', () => {
    const alarmTopicArn = 'arn:aws:sns:eu-west-1:123456789012:usher-alarms';
    const told = Object.values(
      resourcesOf(synthesize({ stageName: 'prod', alarmTopicArn, ...EVERYTHING }), 'AWS::CloudWatch::Alarm'),
    );
    expect(told).toHaveLength(alarms.length);
    for (const { Properties } of told) {
      expect(Properties).toMatchObject({ AlarmActions: [alarmTopicArn], OKActions: [alarmTopicArn] });
    }
    for (const alarm of alarms) expect(alarm).not.toHaveProperty('AlarmActions');
  });

  it('are silent where nothing happens, but for those that silence rings', () => {
    const ringing = alarms.filter(({ TreatMissingData }) => TreatMissingData !== 'notBreaching');
    expect(ringing.map(({ AlarmName, TreatMissingData }) => [AlarmName, TreatMissingData])).toEqual([
      ['usher-prod-boundaries-not-looked-for', 'breaching'],
      ['usher-prod-heartbeat-topic-not-followed', 'breaching'],
    ]);
  });

  it('look at ten metrics each at most, which is what CloudWatch takes', () => {
    for (const { Metrics = [] } of alarms as { readonly Metrics?: readonly object[] }[]) {
      expect(Metrics.filter((one) => 'MetricStat' in one).length).toBeLessThanOrEqual(10);
    }
  });
});

function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^\w -]/g, '')
    .replaceAll(' ', '-');
}

function anchorsIn(page: string): readonly string[] {
  return [...page.matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) => anchorOf(heading));
}

async function sourcesUnder(directories: readonly string[]): Promise<string> {
  const texts = directories.map(async (directory) => {
    const files = await readdir(fileURLToPath(new URL(directory, root)), { recursive: true });
    return Promise.all(
      files.filter((file) => file.endsWith('.ts')).map((file) => read(`${directory}/${file}`)),
    );
  });
  return (await Promise.all(texts)).flat().join('\n');
}
