// Serves the demo site on loopback: `node demo.mjs FOLDER PORT`. The files of the folder;
// index.html for every path that is no file, because goods have paths of their own; and
// /config.js with what TIDEMARK_DEMO holds.

import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createServer } from 'node:http';
import path from 'node:path';

const [folder, port] = process.argv.slice(2);
const config = `window.TIDEMARK_DEMO = ${process.env.TIDEMARK_DEMO};\n`;

const TYPES = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
};

const server = createServer(async (request, response) => {
  const send = (status, type, body) => {
    response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store' }).end(body);
  };
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    return send(405, 'text/plain', 'only GET\n');
  }
  // The URL parser resolves every `..`, so that nothing outside of the folder has a path.
  const { pathname } = new URL(request.url, 'http://127.0.0.1');
  if (pathname === '/config.js') return send(200, TYPES['.js'], config);
  const type = TYPES[path.extname(pathname)];
  const file = path.join(folder, type ? pathname : 'index.html');
  const found = await stat(file).catch(() => null);
  if (!found?.isFile()) return send(404, 'text/plain', 'not here\n');
  response.writeHead(200, { 'content-type': type ?? TYPES['.html'], 'cache-control': 'no-store' });
  return createReadStream(file).pipe(response);
});

server.listen(Number(port), '127.0.0.1');
process.on('SIGTERM', () => process.exit(0));
