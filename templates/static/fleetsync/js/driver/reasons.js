// What a driver may answer when he says no.
export const DECLINE = {
  title: "Why not this one?",
  text: "One tap. It never lowers your standing; it teaches the next round.",
  keep: "Keep the offer",
  reasons: [
    ["too-far", "Too far"],
    ["too-little-pay", "Too little pay"],
    ["stopping-soon", "I am about to stop"],
    ["cannot-go-there", "Cannot go there"],
    ["other", "Another reason"],
  ],
};
export const GIVE_BACK = {
  title: "Give it back?",
  text: "Somebody else is asked at once. The kitchen and the customer see no gap.",
  keep: "Keep the task",
  reasons: [
    ["vehicle", "Trouble with my vehicle"],
    ["wait-too-long", "The wait is too long"],
    ["kitchen-closed", "The kitchen is closed"],
    ["stopping", "I have to stop"],
    ["other", "Another reason"],
  ],
};
export const NOBODY = {
  title: "Nobody takes it?",
  text: "You bring it back to the kitchen and are paid for it. Dispatch is told.",
  keep: "Try again",
  reasons: [
    ["nobody-home", "Nobody opens"],
    ["no-answer", "No answer on the phone"],
    ["wrong-address", "The address is wrong"],
    ["refused", "They do not want it"],
    ["other", "Another reason"],
  ],
};
