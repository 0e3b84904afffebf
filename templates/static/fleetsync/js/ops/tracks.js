// Where everything that moves came from, goes to and is drawn: numbers only, one slot each, so that a frame allocates nothing.
const FIRST = 256;
const COLUMNS = ["fx", "fy", "tx", "ty", "x", "y", "start", "glide"];

export class Tracks {
  constructor() {
    this.used = 0;
    this.spare = [];
    this.grow(FIRST);
  }
  grow(room) {
    for (const name of COLUMNS) {
      const wider = new Float64Array(room);
      if (this[name]) wider.set(this[name]);
      this[name] = wider;
    }
    this.room = room;
  }
  /** Return a slot for something that stands at x, y. */
  take(x, y) {
    const slot = this.spare.pop() ?? this.used++;
    if (slot >= this.room) this.grow(this.room * 2);
    this.fx[slot] = this.tx[slot] = this.x[slot] = x;
    this.fy[slot] = this.ty[slot] = this.y[slot] = y;
    this.start[slot] = this.glide[slot] = 0;
    return slot;
  }
  give(slot) {
    this.glide[slot] = 0;
    this.spare.push(slot);
  }
  /** Send it from where it is drawn to x, y within `glide` milliseconds; `jump` puts it there. */
  aim(slot, x, y, now, glide, jump) {
    this.put(slot, now);
    this.fx[slot] = jump ? x : this.x[slot];
    this.fy[slot] = jump ? y : this.y[slot];
    this.tx[slot] = x;
    this.ty[slot] = y;
    this.start[slot] = now;
    this.glide[slot] = glide;
  }
  put(slot, now) {
    const glide = this.glide[slot];
    const f = glide ? Math.min(1, (now - this.start[slot]) / glide) : 1;
    this.x[slot] = this.fx[slot] + (this.tx[slot] - this.fx[slot]) * f;
    this.y[slot] = this.fy[slot] + (this.ty[slot] - this.fy[slot]) * f;
    return f < 1;
  }
  /** Put all where they are at this instant: on the way to the last point, never beyond it. Say whether any still moves. */
  place(now) {
    let moving = false;
    for (let slot = 0; slot < this.used; slot += 1) if (this.put(slot, now)) moving = true;
    return moving;
  }
}
