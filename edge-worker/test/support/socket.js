// A WebSocket's client: what it hears is kept until it is asked for.
import { WebSocket } from 'ws';

/** Connects; gives `send`, `next` (the next message as JSON), `closed` (its code) and `end`. */
export async function connectSocket(edge, path, headers = {}) {
  const socket = new WebSocket(edge.url.replace('http', 'ws') + path, { headers });
  const heard = [];
  const waiting = [];
  socket.on('message', (data) => {
    const message = JSON.parse(String(data));
    const first = waiting.shift();
    if (first) first(message);
    else heard.push(message);
  });
  const closed = new Promise((resolve) => socket.on('close', (code) => resolve(code)));
  await new Promise((resolve, reject) => {
    socket.on('open', resolve);
    socket.on('error', reject);
  });
  return {
    send: (data) => socket.send(data),
    next: () => (heard.length > 0 ? Promise.resolve(heard.shift()) : new Promise((resolve) => waiting.push(resolve))),
    closed,
    end: () => {
      socket.close(1000);
      return closed;
    },
  };
}
