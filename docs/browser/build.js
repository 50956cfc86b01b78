// Puts beside the page what it loads: the messages of protos/ as JSON, and the library that reads and writes them.
import { copyFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import protobuf from "protobufjs";

const here = dirname(fileURLToPath(import.meta.url));
const library = join(here, "node_modules", "protobufjs");
const root = new protobuf.Root();
root.resolvePath = (_, name) =>
  name === "google/protobuf/descriptor.proto" ? join(library, name) : join(here, "..", "..", "protos", name);
await root.load("haven/sessions/v1/sessions.proto");
writeFileSync(join(here, "page", "messages.json"), JSON.stringify(root.toJSON()));
copyFileSync(join(library, "dist", "light", "protobuf.min.js"), join(here, "page", "protobuf.min.js"));
