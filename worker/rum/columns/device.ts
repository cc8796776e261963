// On what the page ran: low-entropy facts alone, nothing that names a visitor.
import { early, late, second, server } from "#rum/column.ts";
import {
  boolean,
  bytes,
  count,
  integer,
  ms,
  number,
  oneOf,
  pixels,
  shaped,
  text,
} from "#rum/kinds.ts";

const language = shaped(/^[A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8}){0,3}$/, "a language tag");
const country = shaped(/^[A-Z]{2}$/, "two letters, as ISO 3166-1 has them");
const asn = integer({ unit: "", least: 0, most: 4_294_967_295 });
const tier = integer({ unit: "", least: 0, most: 100 });
const gibibytes = number({ unit: "GiB", least: 0, most: 1_024 });
const ratio = number({ unit: "", least: 0, most: 100 });
const megabits = number({ unit: "Mb/s", least: 0, most: 100_000 });
const connections = ["slow-2g", "2g", "3g", "4g"] as const;

export const deviceColumns = {
  "memory.used_js_heap": late(65, bytes, "`performance.memory`, which the browser rounds."),
  "dom.nodes": late(66, count, "Elements of the document."),
  "user_agent.name": server(text(64), "The browser, or what else its user agent names."),
  "user_agent.version": server(text(64), "Its version."),
  "os.name": server(text(64), "The operating system."),
  "browser.mobile": server(boolean, "Whether the user agent is a phone's."),
  "device.memory": early(38, gibibytes, "`navigator.deviceMemory`, which the browser rounds."),
  "device.cpu_count": early(39, count, "`navigator.hardwareConcurrency`."),
  "device.cpu_performance": second(early(40, tier, "`navigator.cpuPerformance`.")),
  "browser.width": early(41, pixels, "Of the window, which is told without a layout."),
  "browser.height": second(early(42, pixels, "Of the window.")),
  "browser.dpr": second(early(43, ratio, "Device pixels to a CSS pixel.")),
  "network.effective_type": early(44, oneOf(connections), "Network Information."),
  "network.rtt": early(45, ms, "Network Information, rounded by the browser."),
  "network.downlink": second(early(46, megabits, "Network Information, rounded.")),
  "network.save_data": second(early(47, boolean, "Whether the visitor asks for less data.")),
  "browser.language": second(server(language, "The first that the visitor prefers.")),
  "geo.country.iso_code": server(
    country,
    "Country of the request; absent where the edge cannot say, as for Tor.",
  ),
  "client.as.number": second(server(asn, "Autonomous system of the request.")),
  "user_agent.synthetic.type": server(
    oneOf(["bot", "test"]),
    "Who is no visitor: by the user agent, the same for page views and deliveries, or else by the page's `navigator.webdriver`.",
  ),
} as const;
