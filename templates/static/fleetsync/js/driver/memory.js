// What this browser keeps of a driver between two visits; a private window keeps nothing.
export class Memory {
  constructor(driver) {
    this.key = (name) => `fleetsync.${name}.${driver}`;
  }
  get(name) {
    try {
      return localStorage.getItem(this.key(name));
    } catch {
      return null;
    }
  }
  set(name, value) {
    try {
      localStorage.setItem(this.key(name), value);
    } catch {
      /* private window */
    }
  }
}
