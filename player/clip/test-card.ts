import { prepareDial } from './dial.ts';
import { between, EVENINGS } from './evenings.ts';
import { prepareLandscape } from './landscape.ts';
import { prepareWords } from './words.ts';
import { blankRaster, type Raster } from './raster.ts';

/** What a frame shows, beside its size. */
export interface TestCard {
  readonly width: number;
  readonly height: number;
  readonly framesPerSecond: number;
  /** Of the whole clip: all that moves is back where it began after it. */
  readonly seconds: number;
  /** How long the hand of the dial takes to go round: a segment, whose start is seen by it. */
  readonly turnSeconds: number;
}

/**
 * Gives what paints the frames: waves under an evening sky, a dial whose hand goes round once a segment, the time as
 * minutes, seconds and frames, and the picture's size, so that one sees which rendition plays. Frames count from 0.
 * The picture that it gives is painted over by the next call.
 */
export function prepareTestCard(card: TestCard): (frame: number) => Raster {
  const { framesPerSecond, seconds, turnSeconds } = card;
  const raster = blankRaster(card.width, card.height);
  const paintLandscape = prepareLandscape(raster);
  const paintDial = prepareDial(raster);
  const paintWords = prepareWords(raster);
  return (frame) => {
    const elapsed = frame / framesPerSecond;
    const phase = elapsed / seconds;
    paintLandscape(between(...EVENINGS, (1 - Math.cos(2 * Math.PI * phase)) / 2), phase);
    paintDial((elapsed % turnSeconds) / turnSeconds);
    paintWords(timecode(frame, framesPerSecond));
    return raster;
  };
}

/** `00:07:12`: minutes, seconds, frames. */
function timecode(frame: number, framesPerSecond: number): string {
  const seconds = Math.floor(frame / framesPerSecond);
  return [Math.floor(seconds / 60), seconds % 60, frame % framesPerSecond]
    .map((part) => String(part).padStart(2, '0'))
    .join(':');
}
