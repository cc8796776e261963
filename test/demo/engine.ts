// The demo's engine, as a customer would build one: Optimizely's own SDK decides
// which variation the visitor is in, from the datafile in the payload.
import { createInstance, createStaticProjectConfigManager } from "@optimizely/optimizely-sdk";

type Payload = { readonly datafile: string | object; readonly flagKey: string };

type Decision = {
  readonly visitorId: string;
  readonly variation: string | null;
  readonly variables: Readonly<Record<string, unknown>>;
};

declare global {
  interface Window {
    aviary: {
      readonly snippet: { readonly id: string; readonly engine: string };
      readonly payload: Payload;
      /** Settled when the SDK has decided; the demo page shows it. */
      decision?: Promise<Decision>;
    };
  }
}

async function decide(visitorId: string, { datafile, flagKey }: Payload): Promise<Decision> {
  const text = typeof datafile === "string" ? datafile : JSON.stringify(datafile);
  const client = createInstance({
    projectConfigManager: createStaticProjectConfigManager({ datafile: text }),
  });
  await client.onReady();
  const { variationKey, variables } = client.createUserContext(visitorId).decide(flagKey);
  return { visitorId, variation: variationKey, variables };
}

const { visitor = "anonymous" } = document.currentScript?.dataset ?? {};
window.aviary.decision = decide(visitor, window.aviary.payload);
