/** The package types only its whole build; this part of it has the same shape for what the page uses. */
declare module 'hls.js/light' {
  export { default } from 'hls.js';
}
