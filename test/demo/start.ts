// npm start: the Worker, something published on it, and a shop that uses it. Ends
// everything it started on Ctrl-C. Running it again is harmless. Nothing is told of the
// events that come but one line on a terminal, unless EVENTS or --events asks for each.
import { randomBytes } from "node:crypto";
import { createServer } from "node:net";
import { join } from "node:path";
import { startAviary } from "../harness.ts";
import { ensureAdminToken } from "./dev-vars.ts";
import { eventLines } from "./event-lines.ts";
import { publishDemo } from "./publish.ts";
import { startShop } from "./shop.ts";

const root = join(import.meta.dirname, "..", "..");

/** A port from the environment; throws a line that names the variable. */
function portFrom(name: string, fallback: number): number {
  const text = process.env[name] ?? "";
  if (text === "") return fallback;
  const port = Number(text);
  if (Number.isInteger(port) && port > 0 && port < 65_536) return port;
  throw new Error(`${name} must be a port from 1 to 65535, not ${text}`);
}

/** Rejects with a line that names the variable where something listens on `port` already. */
function insistOnFree(port: number, name: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once("error", () => {
      reject(new Error(`Port ${port} is taken. Set ${name} to another one.`));
    });
    probe.listen(port, "127.0.0.1", () => probe.close(() => resolve()));
  });
}

async function start(): Promise<void> {
  const port = portFrom("PORT", 8787);
  const shopPort = portFrom("SHOP_PORT", 8788);
  await insistOnFree(port, "PORT");
  await insistOnFree(shopPort, "SHOP_PORT");
  const token = await ensureAdminToken(join(root, ".dev.vars"));
  await startAviary({
    port,
    persist: join(root, ".wrangler", "state"),
    bindings: {
      AVIARY_ADMIN_TOKEN: token,
      SINKS: JSON.stringify([
        {
          name: "shop",
          kind: "webhook",
          url: `http://127.0.0.1:${shopPort}/events`,
          signingSecret: "SHOP_SECRET",
        },
      ]),
      SHOP_SECRET: `whsec_${randomBytes(32).toString("base64")}`,
    },
  });
  const url = `http://localhost:${port}`;
  const { engine } = await publishDemo({ url, token });
  const everyEvent = process.argv.includes("--events") || Boolean(process.env["EVENTS"]);
  let isUp = false;
  const tell = eventLines(process.stdout, { everyEvent, clock: () => new Date() });
  const { url: shop } = await startShop(url, shopPort, (events) => isUp && tell(events));
  console.log(`
  Aviary is up.

  shop        ${shop}
  snippet     ${url}/js/demo.js
  datafile    ${url}/datafiles/demo-sdk.json
  control     ${url}/api/v1/openapi.json
  engine      ${engine}
  token       AVIARY_ADMIN_TOKEN in .dev.vars

  last view   ${shop}/event

  Next, in another terminal${port === 8787 ? "" : `, after export AVIARY_URL=${url}`}:
    npx aviary status
    npm run traffic
  Every event as a line: npm start -- --events

  Ctrl-C ends it.
`);
  isUp = true;
}

// Miniflare ends its workerd when this process exits, however that comes about;
// the shop lives in this process.
for (const [signal, code] of [
  ["SIGINT", 130],
  ["SIGTERM", 143],
  ["SIGHUP", 129],
] as const) {
  process.once(signal, () => process.exit(code));
}

try {
  await start();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
}
