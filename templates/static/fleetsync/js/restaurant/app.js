// What the parts of the page share: the orders on the board, the restaurant itself, how the connection is.
import { bus, meta } from "../page.js";

/** What is said: `orders` (others than before), `about` (the restaurant's settings are others), `link` (the connection). */
export const { on, say } = bus();

export const kitchen = meta("restaurant-id");
export const app = {
  orders: null, // rows of restaurants/{id}/live; null: not known yet
  about: null, // the restaurant
  failed: "", // why the orders could not be read, in words
  link: "amber",
  shownAt: 0, // the business moment that the board shows
};
