# The floor on the same workerd: no module, no objects.
using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [
    (name = "floor", worker = .floor),
    (name = "internet", network = (allow = ["private"])),
  ],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "floor")],
);

const floor :Workerd.Worker = (
  modules = [(name = "floor.js", esModule = embed "floor.js")],
  compatibilityDate = "2026-04-26",
  # As the edge's.
  compatibilityFlags = ["nodejs_compat"],
  bindings = [(name = "COLLECTOR", fromEnvironment = "COLLECTOR")],
);
