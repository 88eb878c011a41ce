// Calls of Durable Objects and of collectors, each with its answer read whole.
//
// What would be a dozen crossings between Rust and the runtime is one, and no
// stream is made where the runtime hands out the whole body.

/** Waits for a promise, for so long. */
function within(ms, promise) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error("deadline")), ms);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
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

/** Posts to an address, following no redirect: it would hand the body to whoever it names. Gives status, Retry-After and body. */
export async function send(url, signature, coding, body, deadlineMs, maxBytes) {
  const headers = { "content-type": "application/json", "tidemark-signature": signature };
  if (coding) headers["content-encoding"] = coding;
  const signal = AbortSignal.timeout(deadlineMs);
  const response = await fetch(url, { method: "POST", headers, body, signal, redirect: "manual" });
  const told = response.headers.get("content-length");
  if (Number(told) > maxBytes) throw new Error("the answer is too long");
  let read = new Uint8Array();
  if (response.body) read = told === null ? await readAll(response.body, maxBytes) : new Uint8Array(await response.arrayBuffer());
  return [response.status, response.headers.get("retry-after"), read];
}
