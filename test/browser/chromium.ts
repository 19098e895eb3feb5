import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium, type Browser } from 'playwright-core';

const require = createRequire(import.meta.url);
const packed = join(dirname(require.resolve('@sparticuz/chromium')), '..');
const { version } = require(join(packed, 'package.json')) as { version: string };
const unpacked = fileURLToPath(new URL(`../../node_modules/.cache/chromium-${version}`, import.meta.url));

/**
 * A browser that calls nobody by itself. The packed browser's own recommended arguments are left out on purpose:
 * they turn web security off, and CORS with it.
 */
const QUIET = [
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--no-first-run',
];

/**
 * Unpacks the Chromium that npm installed, once for all tests. Its package unpacks into the machine's temporary
 * directory, one place for every version and user, so this unpacks into a draft and moves that into node_modules.
 * @throws Error where the packed Chromium cannot run (it is for Linux on x64) and CHROME_PATH names no other.
 */
export async function unpackChromium(): Promise<void> {
  if (process.env['CHROME_PATH'] !== undefined) return;
  if (`${process.platform}-${process.arch}` !== 'linux-x64') {
    throw new Error(
      `The packed Chromium runs on Linux x64 only, this is ${process.platform} ${process.arch}: ` +
        'set CHROME_PATH to the program of an installed Chrome or Chromium.',
    );
  }
  if (existsSync(unpacked)) return;
  const draft = `${unpacked}.${process.pid}`;
  mkdirSync(draft, { recursive: true });
  const temporary = process.env['TMPDIR'];
  process.env['TMPDIR'] = draft; // where the package unpacks to
  try {
    const { default: pack, inflate } = await import('@sparticuz/chromium');
    await pack.executablePath();
    await inflate(join(packed, 'bin', 'al2023.tar.br'));
    writeFileSync(join(draft, 'fonts.conf'), FONTS);
    if (!existsSync(unpacked)) renameSync(draft, unpacked);
  } finally {
    if (temporary === undefined) delete process.env['TMPDIR'];
    else process.env['TMPDIR'] = temporary;
    rmSync(draft, { recursive: true, force: true });
  }
}

/** A real, headless Chromium; CHROME_PATH names another one than the packed. {@link unpackChromium} comes first. */
export function launchChromium(): Promise<Browser> {
  const installed = process.env['CHROME_PATH'];
  if (installed !== undefined) return chromium.launch({ executablePath: installed, args: QUIET });
  return chromium.launch({
    executablePath: join(unpacked, 'chromium'),
    args: QUIET,
    env: {
      ...process.env,
      LD_LIBRARY_PATH: join(unpacked, 'al2023', 'lib'), // NSS and expat, which a bare machine lacks
      FONTCONFIG_FILE: join(unpacked, 'fonts.conf'),
    },
  });
}

/** The packed fonts' own configuration expects them in the machine's temporary directory. */
const FONTS = `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir>${unpacked}/fonts</dir>
  <cachedir>${unpacked}/fonts-cache</cachedir>
  <include ignore_missing="yes">/etc/fonts/fonts.conf</include>
</fontconfig>
`;
