# The edge worker on self-hosted workerd.
#
#   workerd serve edge-worker/workerd.capnp \
#     --directory-path do-storage=DIR --directory-path sdk-files=npm/web/dist/sdk
#
# Settings come from the environment (README.md lists them); the two directories
# from the command line, because a path in this file would be relative to where
# workerd happens to be started. It listens on loopback unless told otherwise
# by `--socket-addr http=ADDR:PORT`.
using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [
    (name = "edge", worker = .edge),

    # What the Durable Objects keep: one SQLite file an object.
    (name = "do-storage", disk = (writable = true)),

    # The SDK's files, read only: what GET /sdk/* serves.
    (name = "sdk-files", disk = (writable = false)),

    # Where fetch() may go. The collector of a self-hosted edge is usually on
    # loopback or in a private network, which workerd refuses by default.
    (name = "internet", network = (
      allow = ["public", "private"],
      tlsOptions = (trustBrowserCas = true),
    )),
  ],

  # What a batch leaves behind is looked for in V8's young generation whenever that is full: with a larger one a batch
  # takes an eighth less CPU, and the process some 90 MB more memory (docs/performance.md). May be left out.
  v8Flags = ["--min-semi-space-size=16"],

  sockets = [
    (name = "http", address = "127.0.0.1:8787", http = (), service = "edge"),
  ],
);

const edge :Workerd.Worker = (
  modules = [
    (name = "worker.js", esModule = embed "build/worker.js"),
    (name = "worker.wasm", wasm = embed "build/worker.wasm"),
  ],

  # The same date as in wrangler.toml.
  compatibilityDate = "2026-04-26",
  # Its zlib packs what goes to the collector.
  compatibilityFlags = ["nodejs_compat"],

  # One that is not set is as if it were not here.
  bindings = [
    (name = "TIDEMARK_SITES", fromEnvironment = "TIDEMARK_SITES"),
    (name = "TIDEMARK_COLLECTOR_URL", fromEnvironment = "TIDEMARK_COLLECTOR_URL"),
    (name = "TIDEMARK_HOP_KEY_ID", fromEnvironment = "TIDEMARK_HOP_KEY_ID"),
    (name = "TIDEMARK_HOP_SECRET", fromEnvironment = "TIDEMARK_HOP_SECRET"),
    (name = "TIDEMARK_SALT_SECRET", fromEnvironment = "TIDEMARK_SALT_SECRET"),
    (name = "TIDEMARK_SITES_REFRESH_S", fromEnvironment = "TIDEMARK_SITES_REFRESH_S"),
    (name = "TIDEMARK_BODY_DEADLINE_MS", fromEnvironment = "TIDEMARK_BODY_DEADLINE_MS"),
    (name = "TIDEMARK_SOCKET_IDLE_S", fromEnvironment = "TIDEMARK_SOCKET_IDLE_S"),
    (name = "TIDEMARK_TRUSTED_PROXIES", fromEnvironment = "TIDEMARK_TRUSTED_PROXIES"),
    (name = "TIDEMARK_COUNTRY_HEADER", fromEnvironment = "TIDEMARK_COUNTRY_HEADER"),
    (name = "TIDEMARK_CLIENT_IP_HEADER", fromEnvironment = "TIDEMARK_CLIENT_IP_HEADER"),
    (name = "TIDEMARK_COLLECTOR_DEADLINE_MS", fromEnvironment = "TIDEMARK_COLLECTOR_DEADLINE_MS"),
    (name = "TIDEMARK_DEDUPE_WINDOW_S", fromEnvironment = "TIDEMARK_DEDUPE_WINDOW_S"),
    # Here a commit's fsync is ours to pay: what is marked waits for more.
    (name = "TIDEMARK_DEDUPE_COMMIT_MS", text = "5000"),
    # All shards share this process: fewer of them are told and committed.
    (name = "TIDEMARK_DEDUPE_SHARDS", text = "32"),
    (name = "TIDEMARK_METRICS", fromEnvironment = "TIDEMARK_METRICS"),
    (name = "TIDEMARK_TENANT_COLLECTORS", fromEnvironment = "TIDEMARK_TENANT_COLLECTORS"),
    (name = "TIDEMARK_HOP_NEXT_KEY_ID", fromEnvironment = "TIDEMARK_HOP_NEXT_KEY_ID"),
    (name = "TIDEMARK_HOP_NEXT_SECRET", fromEnvironment = "TIDEMARK_HOP_NEXT_SECRET"),
    (name = "TIDEMARK_HOLD", fromEnvironment = "TIDEMARK_HOLD"),
    (name = "TIDEMARK_OUTBOX_MAX_BYTES", fromEnvironment = "TIDEMARK_OUTBOX_MAX_BYTES"),
    (name = "DEDUPE", durableObjectNamespace = "DedupeShard"),
    (name = "OUTBOX", durableObjectNamespace = "Outbox"),
    (name = "LIMITS", durableObjectNamespace = "Limiter"),
    (name = "KEEPER", durableObjectNamespace = "Keeper"),
    (name = "ASSETS", service = "sdk-files"),
  ],

  # The key names the folder of the objects' files: changing it forgets them.
  durableObjectNamespaces = [
    (className = "DedupeShard", uniqueKey = "tidemark-dedupe", enableSql = true),
    (className = "Outbox", uniqueKey = "tidemark-outbox", enableSql = true),
    (className = "Limiter", uniqueKey = "tidemark-limits", enableSql = true),
    (className = "Keeper", uniqueKey = "tidemark-keeper", enableSql = true),
  ],
  durableObjectStorage = (localDisk = "do-storage"),
);
