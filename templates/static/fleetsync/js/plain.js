// Pages without anything live: icons and the theme switch.
import { boot } from "./ui.js";

boot();
