// What lies still under the moving things: heat and doors. Drawn once into a picture of its own as soon as the map
// rests, then copied whole; while the map moves it is drawn directly.
let seen = [];
let picture = null;
let baked = false;

/** Put the ground on the wiped `ctx`. `marks` are the values on which depends what `draw(pen)` draws. */
export function layGround(ctx, w, h, marks, draw) {
  if (marks.length !== seen.length || marks.some((mark, i) => mark !== seen[i])) {
    seen = marks;
    baked = false;
    draw(ctx);
    return;
  }
  if (!baked) {
    picture ??= document.createElement("canvas");
    picture.width = ctx.canvas.width;
    picture.height = ctx.canvas.height; // wipes it too
    const pen = picture.getContext("2d");
    pen.scale(picture.width / w, picture.height / h);
    draw(pen);
    baked = true;
  }
  ctx.globalCompositeOperation = "copy"; // in place of what is there: costs no more than the wiping
  ctx.drawImage(picture, 0, 0, w, h);
  ctx.globalCompositeOperation = "source-over";
}
