import {
  ALL_FORMATS,
  BufferSource,
  BufferTarget,
  CmafOutputFormat,
  EncodedPacketSink,
  EncodedVideoPacketSource,
  HlsOutputFormat,
  Input,
  Output,
  PathedTarget,
} from 'mediabunny';
import type { ClipPlan } from './clip-plan.ts';

/** The stream's files by name: `main.m3u8`, and for every rendition its playlist, its header and its segments. */
export async function writeHls(
  { framesPerSecond, segmentSeconds, renditions }: ClipPlan,
  mp4s: readonly Uint8Array[],
): Promise<ReadonlyMap<string, Uint8Array>> {
  const files = new Map<string, BufferTarget>();
  const nameOf = (n: number) => renditions[n - 1]!.name;
  const output = new Output({
    format: new HlsOutputFormat({
      segmentFormat: new CmafOutputFormat(),
      targetDuration: segmentSeconds,
      getPlaylistPath: ({ n }) => `${nameOf(n)}.m3u8`,
      getInitPath: ({ n }) => `${nameOf(n)}-header.mp4`,
      getSegmentPath: ({ n, playlist }) => `${nameOf(playlist.n)}-${n}.m4s`,
    }),
    target: new PathedTarget('main.m3u8', ({ path }) => {
      const target = new BufferTarget();
      files.set(path, target);
      return target;
    }),
  });
  const copies = await Promise.all(
    mp4s.map(async (mp4) => {
      const source = new EncodedVideoPacketSource('avc');
      output.addVideoTrack(source, { frameRate: framesPerSecond });
      return () => copyPackets(mp4, source);
    }),
  );
  await output.start();
  await Promise.all(copies.map((copy) => copy()));
  await output.finalize();
  return new Map([...files].map(([path, { buffer }]) => [path, new Uint8Array(buffer!)]));
}

async function copyPackets(mp4: Uint8Array, source: EncodedVideoPacketSource): Promise<void> {
  using input = new Input({ source: new BufferSource(mp4), formats: ALL_FORMATS });
  const track = await input.getPrimaryVideoTrack();
  const decoderConfig = await track?.getDecoderConfig();
  if (!track || !decoderConfig) throw new Error('The encoder wrote no video');
  for await (const packet of new EncodedPacketSink(track).packets()) {
    await source.add(packet, { decoderConfig });
  }
  source.close();
}
