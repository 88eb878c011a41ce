// Speaks to the edge without a browser, for what a well-behaved SDK never sends.

import { randomUUID } from 'node:crypto';

/** An event as a client would write it. */
export function event(name, attributes = {}, more = {}) {
  return { event_id: randomUUID(), event_name: name, occurred_at: new Date().toISOString(), attributes, ...more };
}

/** What a visitor who agreed lets a client say. */
export const AGREED = { consent: { analytics: true } };

/** A batch with a fresh id, of a visitor who agreed. */
export function batch(events) {
  return { batch_id: randomUUID(), sent_at: new Date().toISOString(), context: AGREED, events };
}

/** The members of chat_interaction that must be there. */
export function chatMessage() {
  return {
    thread_id: randomUUID(),
    message_id: randomUUID(),
    message_type: 'user_prompt',
    prompt_length: 12,
    is_follow_up: false,
  };
}

/**
 * Posts to the edge as a page of the demo would; gives the status and the parsed answer.
 * `body` is sent as it is when it is a string.
 */
export async function post(stack, body, { path = '/v1/events/batch', key = stack.write_key, origin, headers } = {}) {
  const url = new URL(path, stack.edge);
  if (key !== null) {
    url.searchParams.set('write_key', key);
  }
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'text/plain', origin: origin ?? new URL(stack.demo).origin, ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
  const text = await response.text();
  return { status: response.status, answer: JSON.parse(text) };
}
