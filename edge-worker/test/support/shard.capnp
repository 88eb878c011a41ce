# The dedupe shard alone, so that a test can be a caller that dies with a claim.
using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [
    (name = "shard", worker = .shard),
    (name = "do-storage", disk = (writable = true)),
    (name = "sdk-files", disk = (writable = false)),
  ],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "shard")],
);

const shard :Workerd.Worker = (
  modules = [
    (name = "shard.js", esModule = embed "shard.js"),
    (name = "worker.js", esModule = embed "../../build/worker.js"),
    (name = "worker.wasm", wasm = embed "../../build/worker.wasm"),
  ],
  compatibilityDate = "2026-04-26",
  compatibilityFlags = ["nodejs_compat"],
  bindings = [
    (name = "TIDEMARK_COLLECTOR_DEADLINE_MS", fromEnvironment = "TIDEMARK_COLLECTOR_DEADLINE_MS"),
    (name = "DEDUPE", durableObjectNamespace = "DedupeShard"),
  ],
  durableObjectNamespaces = [
    (className = "DedupeShard", uniqueKey = "tidemark-dedupe", enableSql = true),
  ],
  durableObjectStorage = (localDisk = "do-storage"),
);
