// The chat box: scripted replies, and for each message one `chat_interaction` that tells its length
// and timing, never its words.

import { isGranted, track } from './analytics.js';

const MODEL = 'scripted-replies-1';
const REPLY_DELAY_MS = 350;
const REPLIES = [
  [/low|tide|water/i, 'Low water is about six hours after high water. Today: look at the harbour wall, the wet part is the answer.'],
  [/deliver|ship|post|parcel/i, 'We post on Tuesdays and Fridays. The delivery estimate is broken at the moment, we know.'],
  [/voucher|code|discount/i, 'SPRINGTIDE should take five euros off. If the button sleeps, we will do it by hand.'],
  [/return|refund|back/i, 'Thirty days, sand included.'],
];
const ELSE = 'Good question. Somebody with wet boots will know; may we write back?';

/** Wires the chat box and says hello. */
export function startChat() {
  const form = document.getElementById('chat-form');
  const input = document.getElementById('chat-input');
  const thread = { id: null, prompts: 0 };

  say('office', 'Ahoy. Ask about tides, parcels or vouchers.');
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    const prompt = input.value.trim();
    if (prompt === '') {
      return;
    }
    input.value = '';
    say('you', prompt);
    ask(thread, prompt);
  });
}

function ask(thread, prompt) {
  const asked = performance.now();
  const message = { prompt_length: prompt.length, is_follow_up: thread.prompts > 0 };
  thread.prompts += 1;
  report(thread, { ...message, message_type: 'user_prompt' });

  setTimeout(() => {
    const reply = (REPLIES.find(([pattern]) => pattern.test(prompt)) ?? [null, ELSE])[1];
    say('office', reply);
    report(thread, {
      ...message,
      message_type: 'ai_response',
      response_length: reply.length,
      response_time_ms: Math.round(performance.now() - asked),
      model_used: MODEL,
    });
  }, REPLY_DELAY_MS);
}

function report(thread, attributes) {
  if (!isGranted()) {
    return;
  }
  // An id is made only once there is consent to have one.
  thread.id ??= crypto.randomUUID();
  track('chat_interaction', { thread_id: thread.id, message_id: crypto.randomUUID(), ...attributes });
}

function say(who, words) {
  const lines = document.getElementById('chat-lines');
  const line = document.createElement('li');
  line.className = `line ${who}`;
  line.dataset.testid = `line-${who}`;
  line.textContent = words;
  lines.append(line);
  lines.scrollTop = lines.scrollHeight;
}
