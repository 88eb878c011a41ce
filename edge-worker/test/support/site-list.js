// The collector's signed list of sites, as the documentation says it is told.
import { createHash, createHmac } from 'node:crypto';
import { HOP_KEY_ID, HOP_SECRET } from './collector.js';

const PATH = '/internal/v1/sites';

function sign(text) {
  const time = Date.now();
  const tag = createHmac('sha256', HOP_SECRET).update(`v1\n${HOP_KEY_ID}\n${time}\n${PATH}\n`).update(text).digest('hex');
  return `v1,${HOP_KEY_ID},${time},${tag}`;
}

/**
 * A list of sites that a stub collector tells. `sites` and `schemas` may be changed at any time; `respond` may be
 * replaced, and gets what would be told as `{ status, headers, body }`. Counts its answers.
 */
export function siteList(sites) {
  const list = { sites, schemas: [], full: 0, unchanged: 0, faults: [], respond: (told) => told };
  list.answer = (request, response) => {
    if (request.url !== PATH) return response.writeHead(404).end();
    const [version, keyId, time, tag] = String(request.headers['tidemark-signature']).split(',');
    const expected = createHmac('sha256', HOP_SECRET).update(`v1\n${keyId}\n${time}\n${PATH}\n`).digest('hex');
    if (version !== 'v1' || tag !== expected) list.faults.push(request.headers['tidemark-signature']);
    const body = JSON.stringify(list.schemas.length > 0 ? { sites: list.sites, schemas: list.schemas } : list.sites);
    const etag = `"${createHash('sha256').update(body).digest('hex')}"`;
    const known = request.headers['if-none-match'] === etag;
    list[known ? 'unchanged' : 'full'] += 1;
    const told = known
      ? { status: 304, headers: { etag, 'tidemark-signature': sign(etag) }, body: undefined }
      : { status: 200, headers: { etag, 'content-type': 'application/json', 'tidemark-signature': sign(body) }, body };
    const answer = list.respond(told);
    if (!answer) return request.socket.destroy();
    response.writeHead(answer.status, answer.headers).end(answer.body);
  };
  return list;
}
