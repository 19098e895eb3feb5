/** Sleeps for the page: a browser slows down the timers of a hidden tab to one a minute, and leaves a worker's alone. */
addEventListener('message', ({ data }: MessageEvent<{ id: number; delayMs: number }>) => {
  setTimeout(() => postMessage(data.id), data.delayMs);
});
