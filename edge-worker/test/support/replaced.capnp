# The edge, whose objects a test can have replaced while it runs.
using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [
    (name = "edge", worker = .edge),
    (name = "do-storage", disk = (writable = true)),
    (name = "sdk-files", disk = (writable = false)),
    (name = "internet", network = (allow = ["public", "private"])),
  ],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "edge")],
);

const edge :Workerd.Worker = (
  modules = [
    (name = "replaced.js", esModule = embed "replaced.js"),
    (name = "worker.js", esModule = embed "../../build/worker.js"),
    (name = "worker.wasm", wasm = embed "../../build/worker.wasm"),
  ],
  compatibilityDate = "2026-04-26",
  compatibilityFlags = ["nodejs_compat"],
  bindings = [
    (name = "TIDEMARK_SITES", fromEnvironment = "TIDEMARK_SITES"),
    (name = "TIDEMARK_COLLECTOR_URL", fromEnvironment = "TIDEMARK_COLLECTOR_URL"),
    (name = "TIDEMARK_HOP_KEY_ID", fromEnvironment = "TIDEMARK_HOP_KEY_ID"),
    (name = "TIDEMARK_HOP_SECRET", fromEnvironment = "TIDEMARK_HOP_SECRET"),
    (name = "TIDEMARK_METRICS", fromEnvironment = "TIDEMARK_METRICS"),
    (name = "TIDEMARK_COLLECTOR_DEADLINE_MS", fromEnvironment = "TIDEMARK_COLLECTOR_DEADLINE_MS"),
    (name = "TIDEMARK_HOLD", fromEnvironment = "TIDEMARK_HOLD"),
    # As in the edge's own configuration: what is marked is gathered.
    (name = "TIDEMARK_DEDUPE_COMMIT_MS", text = "5000"),
    (name = "DEDUPE", durableObjectNamespace = "DedupeShard"),
    (name = "OUTBOX", durableObjectNamespace = "Outbox"),
  ],
  durableObjectNamespaces = [
    (className = "DedupeShard", uniqueKey = "tidemark-dedupe", enableSql = true),
    (className = "Outbox", uniqueKey = "tidemark-outbox", enableSql = true),
  ],
  durableObjectStorage = (localDisk = "do-storage"),
);
