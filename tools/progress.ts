import type { Say } from './command.ts';

/** However many there are, whoever watches sees something move. */
const MOST_BETWEEN = 1000;

/** Tells at every tenth of the way, and with every thousand messages; the end is for others to tell. */
export function progress(say: Say, total: number): (done: number) => void {
  const step = Math.max(1, Math.min(Math.ceil(total / 10), MOST_BETWEEN));
  let told = 0;
  return (done) => {
    if (done >= total || Math.floor(done / step) === Math.floor(told / step)) return;
    told = done;
    say(`  ${done} of ${total} …`);
  };
}
