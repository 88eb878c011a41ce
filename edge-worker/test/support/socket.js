// A WebSocket's client (RFC 6455), as small as the tests need: what it hears is kept until it is asked for.
import { randomBytes } from 'node:crypto';
import { request } from 'node:http';

const TEXT = 1;
const BINARY = 2;
const CLOSE = 8;
const PING = 9;

/** A whole message in one masked frame. */
function frame(opcode, payload) {
  const mask = randomBytes(4);
  const masked = Buffer.from(payload.map((byte, index) => byte ^ mask[index % 4]));
  const head = Buffer.alloc(payload.length < 126 ? 2 : payload.length < 65_536 ? 4 : 10);
  head[0] = 0x80 | opcode;
  head[1] = 0x80 | (head.length === 2 ? payload.length : head.length === 4 ? 126 : 127);
  if (head.length === 4) head.writeUInt16BE(payload.length, 2);
  if (head.length === 10) head.writeBigUInt64BE(BigInt(payload.length), 2);
  return Buffer.concat([head, mask, masked]);
}

/** The first frame of some bytes, and what is behind it; `null` when it has not come whole. */
function read(bytes) {
  if (bytes.length < 2) return null;
  const short = bytes[1] & 0x7f;
  const from = short < 126 ? 2 : short === 126 ? 4 : 10;
  if (bytes.length < from) return null;
  const length = from === 2 ? short : from === 4 ? bytes.readUInt16BE(2) : Number(bytes.readBigUInt64BE(2));
  if (bytes.length < from + length) return null;
  return { opcode: bytes[0] & 0x0f, payload: bytes.subarray(from, from + length), rest: bytes.subarray(from + length) };
}

/** Connects; gives `send`, `next` (the next message as JSON), `closed` (its code) and `end`. */
export async function connectSocket(edge, path, headers = {}) {
  const handshake = {
    connection: 'Upgrade',
    upgrade: 'websocket',
    'sec-websocket-version': '13',
    'sec-websocket-key': randomBytes(16).toString('base64'),
  };
  const call = request(edge.url + path, { headers: { ...handshake, ...headers } });
  call.end();
  const socket = await new Promise((resolve, reject) => {
    call.on('upgrade', (_, opened, first) => {
      opened.unshift(first);
      resolve(opened);
    });
    call.on('response', (response) => {
      response.resume();
      reject(new Error(`the handshake is answered ${response.statusCode}`));
    });
    call.on('error', reject);
  });
  const heard = [];
  const waiting = [];
  let left = Buffer.alloc(0);
  const closed = new Promise((resolve) => {
    socket.on('data', (bytes) => {
      left = Buffer.concat([left, bytes]);
      for (let next = read(left); next; next = read(left)) {
        left = next.rest;
        if (next.opcode === CLOSE) {
          resolve(next.payload.length >= 2 ? next.payload.readUInt16BE(0) : 1005);
          socket.end(frame(CLOSE, next.payload.subarray(0, 2)));
        } else if (next.opcode === TEXT) {
          const message = JSON.parse(String(next.payload));
          const first = waiting.shift();
          if (first) first(message);
          else heard.push(message);
        }
      }
    });
    socket.on('close', () => resolve(1006)).on('error', () => resolve(1006));
  });
  return {
    send: (data) => socket.write(frame(typeof data === 'string' ? TEXT : BINARY, Buffer.from(data))),
    ping: () => socket.write(frame(PING, Buffer.alloc(0))),
    next: () => (heard.length > 0 ? Promise.resolve(heard.shift()) : new Promise((resolve) => waiting.push(resolve))),
    closed,
    end: () => {
      socket.write(frame(CLOSE, Buffer.from([0x03, 0xe8])));
      return closed;
    },
  };
}
