// Short tones made on the spot: no file to fetch. A browser lets a page sound only after the first touch.
let context = null;

export function unlockSound() {
  const wake = () => {
    if (!window.AudioContext || canSound()) return;
    context ??= new AudioContext();
    context.resume();
  };
  for (const kind of ["pointerdown", "keydown"]) addEventListener(kind, wake, { passive: true });
}
export const canSound = () => context?.state === "running";

/** Play notes one after the other: pairs of hertz and seconds. False when the browser does not allow it yet. */
export function play(notes, volume = 0.35) {
  if (!canSound()) return false;
  let at = context.currentTime + 0.02;
  for (const [hertz, seconds] of notes) {
    const tone = context.createOscillator();
    const gain = context.createGain();
    tone.type = "triangle";
    tone.frequency.value = hertz;
    gain.gain.setValueAtTime(0.0001, at);
    gain.gain.exponentialRampToValueAtTime(volume, at + 0.02);
    gain.gain.exponentialRampToValueAtTime(0.0001, at + seconds);
    tone.connect(gain).connect(context.destination);
    tone.start(at);
    tone.stop(at + seconds + 0.02);
    at += seconds * 0.8;
  }
  return true;
}
export const TICKET = [
  [784, 0.22],
  [988, 0.22],
  [1175, 0.45],
];
export const MESSAGE = [
  [660, 0.14],
  [880, 0.3],
];
export const OFFER = [
  [880, 0.16],
  [880, 0.16],
  [1319, 0.4],
];
