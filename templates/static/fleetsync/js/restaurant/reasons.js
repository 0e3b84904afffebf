// What a kitchen is asked before an order is turned away, called off, or the door is shut.
export const REJECT = {
  title: "Turn it away?",
  text: "The customer is told at once and pays nothing.",
  keep: "Keep the order",
  reasons: [
    ["too-busy", "Too busy"],
    ["sold-out", "Something is sold out"],
    ["closing", "We are closing"],
    ["equipment", "Equipment trouble"],
    ["other", "Another reason"],
  ],
};
export const CANCEL = {
  title: "Cannot make it?",
  text: "Customer and driver are told at once. This cannot be undone.",
  keep: "Keep cooking",
  reasons: [
    ["sold-out", "Something is sold out"],
    ["equipment", "Equipment trouble"],
    ["accident", "It went wrong in the kitchen"],
    ["closing", "We are closing"],
    ["other", "Another reason"],
  ],
};
export const PAUSE = {
  title: "Pause new orders?",
  text: "Customers see you as closed. Orders already here go on.",
  keep: "Stay open",
  reasons: [
    ["15", "15 minutes"],
    ["30", "30 minutes"],
    ["60", "One hour"],
    ["180", "Three hours"],
  ],
};
export const LOAD = {
  title: "How many orders at once?",
  text: "New and cooking ones count. One more is refused until one is ready; customers are told to try again.",
  keep: "Leave it as it is",
  reasons: [["none", "No limit"], ...[3, 5, 8, 12, 20, 40].map((n) => [String(n), `${n} orders`])],
};
