// Chat messages arrive as lengths and times, never as words.

import { afterAll, beforeAll, expect, inject, test } from 'vitest';

import { rowsOfSession } from './rows.js';
import { startBrowser } from './shop/browser.js';
import { visit } from './shop/visit.js';

const stack = inject('stack');
let browser;
beforeAll(async () => {
  browser = await startBrowser();
});
afterAll(() => browser?.close());

async function ask(page, prompt) {
  const replies = page.getByTestId('line-office');
  const before = await replies.count();
  await page.getByTestId('chat-input').fill(prompt);
  await page.getByTestId('chat-input').press('Enter');
  await replies.nth(before).waitFor();
}

test('a question and a follow-up are four chat_interaction rows without their text', async () => {
  const visitor = await visit(browser, stack);
  const { page } = visitor;
  await visitor.accept();
  await ask(page, 'When is low water?');
  await ask(page, 'Write to jo@example.org about my parcel');
  expect(await visitor.flush()).toMatchObject({ held: 0, rejected: 0, dropped: 0 });

  const rows = await rowsOfSession(stack, await visitor.session());
  const chat = rows.filter((row) => row.event_name === 'chat_interaction').map((row) => row.attributes);
  expect(chat.map((one) => [one.message_type, Number(one.prompt_length), one.is_follow_up])).toEqual([
    ['user_prompt', 18, false],
    ['ai_response', 18, false],
    ['user_prompt', 39, true],
    ['ai_response', 39, true],
  ]);
  expect(new Set(chat.map((one) => one.thread_id)).size).toBe(1);
  expect(new Set(chat.map((one) => one.message_id)).size).toBe(4);
  for (const reply of [chat[1], chat[3]]) {
    expect(Number(reply.response_length)).toBeGreaterThan(20);
    expect(Number(reply.response_time_ms)).toBeGreaterThan(0);
    expect(reply.model_used).toBe('scripted-replies-1');
  }
  const stored = JSON.stringify(rows);
  for (const words of ['low water', 'parcel', 'example.org', 'harbour wall', 'Tuesdays']) {
    expect(stored).not.toContain(words);
  }
  await visitor.close();
});
