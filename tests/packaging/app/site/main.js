// A page that uses the package as its README says; the address says the rest.

import * as tidemark from '@tidemark/web';

const query = new URLSearchParams(location.search);
const decided = { granted: { analytics: true }, denied: { analytics: false }, none: undefined };

const bump = (id) => document.getElementById(id).textContent++;
document.getElementById('plus').addEventListener('click', () => bump('number'));
document.getElementById('far').addEventListener('click', () => bump('count'));
// Something moves on every page, whatever a person does.
setInterval(() => bump('clock'), 50);

window.tidemark = tidemark;
window.errors = [];
window.verdicts = [];
tidemark.init({
  writeKey: 'wk_packaging',
  endpoint: query.get('endpoint'),
  consent: decided[query.get('consent')],
  flushIntervalMs: Number(query.get('flush') ?? 200),
  app: { version: '1.2.3', environment: 'test' },
  onError: (error) => window.errors.push(error.code),
  onVerdicts: (answer, events) => window.verdicts.push([answer, events]),
});
tidemark.track('basket.opened', { by: 'bob@example.org', total: 12.5 });
