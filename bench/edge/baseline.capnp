# The baseline on the same workerd: no objects, no hop.
using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [(name = "baseline", worker = .baseline)],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "baseline")],
);

const baseline :Workerd.Worker = (
  modules = [(name = "validator.js", esModule = embed "validator.js")],
  compatibilityDate = "2026-04-26",
);
