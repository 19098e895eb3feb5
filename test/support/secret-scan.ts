/** A value that must not be seen. */
export interface Secret {
  /** How it is called in a failure, which must not show it. */
  readonly name: string;
  readonly value: string;
  /** Where it is there on purpose. */
  readonly belongs?: (place: Place) => boolean;
}

/** A text in which no secret may be. */
export interface Place {
  /** What it is called in a failure: `the log of usher-local-vend-token`. */
  readonly name: string;
  readonly text: string;
}

export interface Finding {
  readonly secret: string;
  readonly place: string;
}

/** Half of a secret is looked for as well, unless so little could be there by chance. */
const LEAST_HALF = 20;

/** So much of a secret is looked for wherever it was cut off; less could be there by chance. */
const PIECE = 24;

/** Nothing shorter can be looked for by its first bytes. */
const LEAST_LENGTH = 16;

/**
 * Where which secrets are: whole, half or in pieces, as they are or in one of the encodings in which they could have
 * got there unseen. Each place is gone through once, however many secrets there are.
 * @throws when a secret is too short to be looked for.
 */
export function findSecrets(secrets: readonly Secret[], places: readonly Place[]): readonly Finding[] {
  const tooShort = secrets.find(({ value }) => value.length < LEAST_LENGTH);
  if (tooShort !== undefined) throw new Error(`${tooShort.name} is too short to be looked for`);
  const halves = secrets.flatMap((secret) =>
    halvesOf(secret.value).map((text): Sought => ({ text, of: [secret] })),
  );
  const search = searchFor([...halves, ...piecesOfAll(secrets)]);
  const findings = places.flatMap((place) =>
    [...search(Buffer.from(place.text))]
      .filter(({ of }) => !of.some(({ belongs }) => belongs?.(place)))
      .map(({ of: [secret] }): Finding => ({ secret: secret!.name, place: place.name })),
  );
  return [...new Map(findings.map((finding) => [JSON.stringify(finding), finding])).values()];
}

/** A text, and the secrets that it is of: where one of them belongs it may be. */
interface Sought {
  readonly text: string;
  readonly of: readonly Secret[];
}

/** Tokens of a kind begin alike: such a piece is of all of them. */
function piecesOfAll(secrets: readonly Secret[]): readonly Sought[] {
  const pieces = secrets.flatMap((secret) => piecesOf(secret.value).map((text) => ({ text, secret })));
  return [...Map.groupBy(pieces, ({ text }) => text)].map(([text, same]) => ({
    text,
    of: same.map(({ secret }) => secret),
  }));
}

/**
 * Pieces of which every beginning and every end of a secret has one as soon as it is long enough, and all of it that is
 * twice as long. Of what a JWT claims, only how it begins behind its header: the same claims are in tokens that belong
 * elsewhere. Of JSON none: not all of it is secret, such as the public half of a key.
 */
function piecesOf(value: string): readonly string[] {
  const [, header, claims = '', signature] = /^(eyJ[\w-]+)\.([\w-]+)\.([\w-]+)$/.exec(value) ?? [];
  if (signature !== undefined) return [`${header}.${claims.slice(0, PIECE)}`, ...cut(signature)];
  return value.startsWith('{') ? [] : cut(value);
}

function cut(text: string): readonly string[] {
  if (text.length < PIECE) return [];
  const starts = Array.from({ length: Math.floor(text.length / PIECE) }, (_, index) => index * PIECE);
  return [...starts, text.length - PIECE].map((start) => text.slice(start, start + PIECE));
}

/** Who finds one half has found the whole. */
export function halvesOf(value: string): readonly string[] {
  const middle = Math.ceil(value.length / 2);
  return value.length - middle < LEAST_HALF ? [value] : [value.slice(0, middle), value.slice(middle)];
}

/** The text itself, and how it reads in base64, base64url, hex and in an address. */
export function spellingsOf(text: string): readonly string[] {
  const hex = Buffer.from(text).toString('hex');
  const base64 = [0, 1, 2].flatMap((offset) => {
    const within = base64Within(text, offset);
    return [within, within.replaceAll('+', '-').replaceAll('/', '_')];
  });
  return [...new Set([text, encodeURIComponent(text), hex, hex.toUpperCase(), ...base64])];
}

/** What stands in the base64 of a longer text, in which this one begins so many bytes after a multiple of three. */
function base64Within(text: string, offset: number): string {
  const bytes = Buffer.concat([Buffer.alloc(offset), Buffer.from(text)]);
  const [first, last] = [Math.ceil((offset * 8) / 6), Math.floor((bytes.length * 8) / 6)];
  return bytes.toString('base64').slice(first, last);
}

interface Needle {
  readonly sought: Sought;
  readonly bytes: Buffer;
}

/** Where nothing has the hash of these four bytes, no spelling begins: nearly everywhere. */
const hashOf = (fourBytes: number) => Math.imul(fourBytes, 0x9e3779b1) >>> 12;

function searchFor(all: readonly Sought[]) {
  const needles = all.flatMap((sought) =>
    spellingsOf(sought.text).map((spelling): Needle => ({ sought, bytes: Buffer.from(spelling) })),
  );
  const byBeginning = Map.groupBy(needles, ({ bytes }) => bytes.readInt32BE(0));
  const begins = new Uint8Array(2 ** 20);
  for (const beginning of byBeginning.keys()) begins[hashOf(beginning)] = 1;

  return (text: Buffer): ReadonlySet<Sought> => {
    const found = new Set<Sought>();
    let lastFour = 0;
    for (let end = 0; end < text.length; end += 1) {
      lastFour = (lastFour << 8) | text[end]!;
      if (begins[hashOf(lastFour)] === 0 || end < 3) continue;
      for (const { sought, bytes } of byBeginning.get(lastFour) ?? []) {
        const at = end - 3;
        if (text.compare(bytes, 0, bytes.length, at, Math.min(at + bytes.length, text.length)) === 0)
          found.add(sought);
      }
    }
    return found;
  };
}
