// Beside the SDK's files: the same under a name that says what is in them, packed with Brotli, and a list with
// their hashes. A folder of an earlier build stays: pages that name it still load it.
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync, constants } from 'node:zlib';

const [folder] = process.argv.slice(2);
const NAMES = { script: 'tidemark.js', module: 'tidemark.wasm', twin: 'tidemark.twin.js', inspector: 'tidemark.inspector.js', capture: 'tidemark.capture.js', vitals: 'tidemark.vitals.js', stub: 'stub.js' };

function put(path, bytes) {
  // Whole or not at all: a running edge may be reading it.
  writeFileSync(`${path}.new`, bytes);
  renameSync(`${path}.new`, path);
}

function pack(bytes) {
  return brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length } });
}

const files = Object.entries(NAMES).map(([role, name]) => ({ role, name, bytes: readFileSync(join(folder, name)) }));
const hash = createHash('sha256');
for (const { name, bytes } of files) hash.update(`${name}\n${bytes.length}\n`).update(bytes);
const version = hash.digest('hex').slice(0, 16);
mkdirSync(join(folder, version), { recursive: true });

const manifest = { version };
for (const { role, name, bytes } of files) {
  const packed = pack(bytes);
  put(join(folder, version, name), bytes);
  put(join(folder, version, `${name}.br`), packed);
  put(join(folder, `${name}.br`), packed);
  const integrity = `sha384-${createHash('sha384').update(bytes).digest('base64')}`;
  manifest[role] = { path: `/sdk/${version}/${name}`, integrity, bytes: bytes.length, brotli_bytes: packed.length };
}
const { path, integrity } = manifest.script;
manifest.tag = `<script async crossorigin="anonymous" src="${path}" integrity="${integrity}"></script>`;
put(join(folder, 'manifest.json'), `${JSON.stringify(manifest, null, 2)}\n`);
