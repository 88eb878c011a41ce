// A call's head, body and answer; calls of Durable Objects and of collectors, each with its answer read whole.
//
// What would be a dozen crossings between Rust and the runtime is one, and no
// stream is made where the runtime hands out the whole body.

/** What no header holds: it stands for one that is not there. */
const ABSENT = "\u0001";

/** A call's head in one text: method, address, what the runtime knows of the caller, and the headers of these names, a line each. */
export function head(request, names) {
  const { cf, headers } = request;
  const lines = [request.method, request.url, cf?.colo, cf?.clientIp, cf?.country, cf?.regionCode];
  for (const name of names.split(",")) lines.push(headers.get(name));
  return lines.map((line) => (typeof line === "string" ? line : ABSENT)).join("\n");
}

/** What a call says that was not answered in time. */
const DEADLINE = "deadline";

/** Makes a response of an answer's status, its headers (a line a name, a line its value) and its body. */
export function answer(status, head, body) {
  const lines = head.split("\n");
  const headers = {};
  for (let at = 0; at + 1 < lines.length; at += 2) headers[lines[at]] = lines[at + 1];
  // The bytes are the module's own, and go when this returns. What is encoded is encoded already.
  const encodeBody = headers["content-encoding"] ? "manual" : "automatic";
  return new Response(body.length ? body.slice() : null, { status, headers, encodeBody });
}

/** Reads a call's whole body, for so long. */
export function bodyOf(request, deadlineMs) {
  return patienceOf(request).within(deadlineMs, request.arrayBuffer());
}

/** A call's one timer: it waits for one thing after the other, and a timer of each would cost as much as reading a body. */
class Patience {
  #timer;
  #firesAtMs = 0;
  #untilMs = 0;
  #giveUp;

  /** Waits for a promise, for so long. Of one call there is one wait at a time. */
  within(ms, promise) {
    return new Promise((resolve, reject) => {
      this.#giveUp = reject;
      this.#untilMs = Date.now() + ms;
      if (!this.#timer || this.#firesAtMs > this.#untilMs) this.#fireIn(ms);
      const ended = (settle) => (value) => {
        if (this.#giveUp === reject) this.#giveUp = undefined;
        settle(value);
      };
      promise.then(ended(resolve), ended(reject));
    });
  }

  // Never taken back where nothing is waited for: it goes with its call.
  #fireIn(ms) {
    clearTimeout(this.#timer);
    this.#firesAtMs = Date.now() + ms;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      const leftMs = this.#untilMs - Date.now();
      if (this.#giveUp && leftMs > 0) this.#fireIn(leftMs);
      else this.#giveUp?.(new Error(DEADLINE));
    }, ms);
  }
}

const PATIENCE = Symbol("patience");

function patienceOf(request) {
  return (request[PATIENCE] ??= new Patience());
}

/** Waits for a promise, for so long. */
function within(ms, promise) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(DEADLINE)), ms);
    const ended = (settle) => (value) => {
      clearTimeout(timer);
      settle(value);
    };
    promise.then(ended(resolve), ended(reject));
  });
}

/** Calls a method of a Durable Object by its name, which it is told; gives the bytes that it returns. */
export function call(env, binding, name, method, body, more, deadlineMs) {
  return within(deadlineMs, env[binding].getByName(name)[method](body, more, name));
}

let zlib;

/** Packs bytes at the fastest level. The module is asked for when the first body is packed: no call waits for it that has none. */
export function gzip(bytes) {
  zlib ??= process.getBuiltinModule("node:zlib");
  return zlib.gzipSync(bytes, { level: 1 });
}

async function asked(env, binding, name, path, body) {
  const response = await env[binding].getByName(name).fetch(`https://object/${path}`, { method: "POST", body });
  return [response.status, response.body ? new Uint8Array(await response.arrayBuffer()) : new Uint8Array()];
}

/** Posts to a Durable Object by its name; gives status and body. */
export function ask(env, binding, name, path, body, deadlineMs) {
  return within(deadlineMs, asked(env, binding, name, path, body));
}

/** Reads a body that does not tell its length, up to a bound. */
async function readAll(stream, maxBytes) {
  const chunks = [];
  let length = 0;
  for await (const chunk of stream) {
    length += chunk.length;
    if (length > maxBytes) throw new Error("the answer is too long");
    chunks.push(chunk);
  }
  const whole = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
}

async function sent(url, signature, coding, body, maxBytes, signal) {
  const headers = { "content-type": "application/json", "tidemark-signature": signature };
  if (coding) headers["content-encoding"] = coding;
  const response = await fetch(url, { method: "POST", headers, body, signal, redirect: "manual" });
  const told = response.headers.get("content-length");
  if (Number(told) > maxBytes) throw new Error("the answer is too long");
  let read = new Uint8Array();
  if (response.body) read = told === null ? await readAll(response.body, maxBytes) : new Uint8Array(await response.arrayBuffer());
  return [response.status, response.headers.get("retry-after"), read];
}

/** Posts to an address, following no redirect: it would hand the body to whoever it names. Gives status, Retry-After and body. */
export function send(url, signature, coding, body, deadlineMs, maxBytes, request) {
  // What a call asked for in vain ends with the call. An object lives on, and would keep it: there it is ended by a
  // signal, which costs each fetch more CPU than the timer.
  if (request) return patienceOf(request).within(deadlineMs, sent(url, signature, coding, body, maxBytes));
  return sent(url, signature, coding, body, maxBytes, AbortSignal.timeout(deadlineMs));
}
