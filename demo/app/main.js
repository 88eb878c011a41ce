// A small shop that Tidemark watches, once it is allowed to.
//
//   consent banner ──▶ analytics.js ──▶ window.tidemark ──HTTP──▶ edge
//   shelf · basket · letter · chat                                  │
//   panel of verdicts ◀─────────────── onVerdicts ──────────────────┘

import { setConsent, track } from './analytics.js';
import { Basket, startCounter } from './basket.js';
import { startChat } from './chat.js';
import { startConsent } from './consent.js';
import { startLetter } from './letter.js';
import { showState, showVerdicts, startPanel } from './panel.js';
import { startShelf } from './shelf.js';

startShelf(new Basket());
startCounter();
startLetter();
startChat();
startPanel();

showState('waiting', 'Waiting for your answer. Nothing is loaded, stored or sent.');
startConsent((granted) => {
  if (granted) {
    showState('on', 'Watching, with your consent. Paths only, no typed words.');
  } else {
    showState('off', 'You declined. Nothing is stored, nothing is sent.');
  }
  setConsent(granted, {
    onVerdicts: showVerdicts,
    onTrouble: (words) => showState('trouble', `Tidemark is not here: ${words}.`),
  });
});

// A chat message without its required thread_id: the edge refuses it and says where, and the
// events beside it in the batch are not harmed.
document.getElementById('send-invalid').addEventListener('click', () => {
  track('chat_interaction', {
    message_id: crypto.randomUUID(),
    message_type: 'user_prompt',
    prompt_length: 12,
    is_follow_up: false,
  });
});
