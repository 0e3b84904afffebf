// REST calls of our pages: the session cookie with its CSRF token, problem documents as errors, keys for repeats.
import { meta } from "./page.js";

const cookie = (name) =>
  document.cookie
    .split("; ")
    .find((c) => c.startsWith(`${name}=`))
    ?.slice(name.length + 1);

export class Problem extends Error {
  constructor(status, body) {
    super(body?.detail || body?.title || `The server answered ${status}.`);
    Object.assign(this, { status, code: body?.code ?? "", errors: body?.errors ?? [] });
  }
}

/** Call `/api/v1/<path>`; returns the JSON, or null for an empty answer. Throws Problem, or TypeError when offline. */
export async function call(method, path, body, { key, signal } = {}) {
  const headers = { Accept: "application/json" };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  if (method !== "GET") headers["X-CSRFToken"] = cookie(meta("csrf-cookie")) ?? "";
  if (method === "POST") headers["Idempotency-Key"] = key ?? crypto.randomUUID();
  const answer = await fetch(`/api/v1/${path}`, {
    method,
    headers,
    signal,
    credentials: "same-origin",
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const text = await answer.text();
  let json = null;
  try {
    json = text ? JSON.parse(text) : null;
  } catch {
    /* not JSON: an error page of a proxy */
  }
  if (!answer.ok) throw new Problem(answer.status, json);
  return json;
}
export const get = (path, options) => call("GET", path, undefined, options);
export const post = (path, body = {}, options) => call("POST", path, body, options);
export const patch = (path, body, options) => call("PATCH", path, body, options);
