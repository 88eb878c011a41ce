// A wire tap between a page and the edge: sees every request, beacons of a page that is gone included,
// which the browser's own tools do not all tell.

import { createServer, request as ask } from 'node:http';
import { gunzipSync } from 'node:zlib';

/** Listens on loopback and passes everything on to the edge, as it is; `taken` lists what passed. */
export async function tapWire(edge) {
  const taken = [];
  const server = createServer((incoming, outgoing) => {
    const chunks = [];
    incoming.on('data', (chunk) => chunks.push(chunk));
    incoming.on('end', () => {
      const body = Buffer.concat(chunks);
      const url = new URL(incoming.url, edge);
      taken.push({
        method: incoming.method,
        path: url.pathname,
        isBeacon: incoming.headers['sec-fetch-mode'] === 'no-cors' && incoming.method === 'POST',
        text: (url.searchParams.get('encoding') === 'gzip' ? gunzipSync(body) : body).toString(),
      });
      const onward = ask(url, { method: incoming.method, headers: incoming.headers }, (answer) => {
        outgoing.writeHead(answer.statusCode, answer.headers);
        answer.pipe(outgoing);
      });
      onward.on('error', () => outgoing.destroy());
      onward.end(body);
    });
  });
  await new Promise((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    taken,
    close: () => new Promise((resolve) => {
      server.close(resolve);
      server.closeAllConnections();
    }),
  };
}
