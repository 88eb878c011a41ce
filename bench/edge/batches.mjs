// The batches that are sent: 50 events of the catalogue each, 28 KB, every id and visitor fresh.
import { randomUUID } from 'node:crypto';

export const EVENTS = 50;

const page = (n) => ({ url: `https://shop.example/products/${n}`, path: `/products/${n}`, title: 'Product', referrer: 'https://shop.example/' });

/** One event of some 560 bytes, as the SDK writes it. */
function event(n, visitor, session) {
  const event = {
    event_id: randomUUID(),
    event_name: n % 2 ? 'ui.clicked' : 'page.viewed',
    occurred_at: new Date().toISOString(),
    session_id: session,
    anonymous_id: visitor,
    source: 'web',
    attributes: {
      selector: 'main > section.product > div.actions > button.primary',
      tag: 'button',
      text: 'Add to basket',
      x: 120 + n,
      y: 640 + n,
      note: 'the second of three steps',
    },
    context: { page: page(n) },
  };
  if (event.event_name === 'page.viewed') {
    event.attributes = { kind: 'route', note: 'the second of three steps, which says nothing of anybody, and is about as long', step: n, 'shop.currency': 'EUR', 'shop.items': 3 };
  }
  return event;
}

/** A batch of so many events, as text. */
export function batch(count = EVENTS) {
  const [visitor, session] = [randomUUID(), randomUUID()];
  return JSON.stringify({
    batch_id: randomUUID(),
    sent_at: new Date().toISOString(),
    context: { locale: 'en-GB', consent: { analytics: true, ads: false }, sdk: { name: '@tidemark/web', version: '0.1.0' } },
    events: Array.from({ length: count }, (_, n) => event(n, visitor, session)),
  });
}
