// What the server knows of the request that brought a beacon. Of the client's address only the
// network is looked at, by the check of its token, and it is kept nowhere.
import { networkOf } from "#base/network.ts";
import type { Beacon } from "#rum/ingest.ts";
import type { Seen } from "#rum/columns.ts";
import { edgeColumns } from "#rum/edge-columns.ts";
import { verifiedBotColumn } from "#rum/automation.ts";
import { protocolOf } from "#rum/protocol.ts";
import { thirdPartyColumns } from "#rum/third-parties.ts";
import type { Pointer } from "#src/delivery/pointer.ts";
import type { Visit } from "./delivery.ts";
import { inferredColumns } from "./infer-arms.ts";

/** The columns of a beacon that its sender has no say in. */
export function senderColumns(beacon: Beacon, visit: Visit, pointer: Pointer): Seen {
  const { said } = beacon;
  const { account, id } = pointer;
  const { headers, cf, services, held, nowMs } = visit;
  const { tokens, senders } = services.beacons;
  return {
    "account.id": account,
    "snippet.id": id,
    "service.name": `${account}/${id}`,
    ...edgeColumns(cf ?? {}),
    ...protocolColumn(cf),
    ...(said["beacon.webdriver"] === true && { "user_agent.synthetic.type": "test" as const }),
    // Late beacons know of no driver: what the user agent says must count in every one.
    ...senders.columnsOf(headers.get("user-agent") ?? ""),
    ...verifiedBotColumn(cf),
    ...languageColumn(headers.get("accept-language")),
    ...thirdPartyColumns(said["beacon.neighbours"]),
    ...tokens.read(said["beacon.token"], senderOf(visit, pointer), { held, nowMs }),
    ...inferredColumns(beacon, visit, pointer),
  };
}

function senderOf({ headers, services }: Visit, { id: snippet, account }: Pointer) {
  const network = networkOf(headers.get("cf-connecting-ip") ?? "");
  const userAgent = headers.get("user-agent") ?? "";
  return { snippet, account, network, userAgent, agents: services.agents };
}

function protocolColumn(cf: Visit["cf"]): Seen {
  const protocol = protocolOf(cf?.["httpProtocol"]);
  return protocol === undefined ? {} : { "beacon.protocol": protocol };
}

const firstTag = /^\s*([A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8}){0,3})\s*(?:[,;]|$)/;

function languageColumn(accepted: string | null): Seen {
  const tag = firstTag.exec(accepted ?? "")?.[1];
  return tag === undefined ? {} : { "browser.language": tag };
}
