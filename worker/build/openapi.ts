// Writes worker/src/admin/openapi.json from the schemas that the control API
// checks with. Run by `npm run openapi`, and before every deploy.
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { toJsonSchema } from "@valibot/to-json-schema";
import type { GenericSchema } from "valibot";
import * as contract from "#src/admin/contract.ts";
import * as accountContract from "#src/admin/account-contract.ts";
import * as beaconContract from "#src/admin/beacon-contract.ts";
import * as erasureContract from "#src/admin/erasure-contract.ts";
import * as flagContract from "#src/admin/flag-contract.ts";
import * as sinkContract from "#src/admin/sink-contract.ts";
import * as pipelineContract from "#src/admin/pipeline-contract.ts";
import * as verdictContract from "#src/admin/verdict-contract.ts";
import * as snippetContract from "#src/admin/snippet-contract.ts";
import type { Endpoint } from "#src/admin/endpoint.ts";
import { endpoints } from "#src/admin/endpoints.ts";

const problemResponse = "#/components/responses/Problem";

/** What the contracts call a schema is its name here, so that each stands in the document once. */
const names = new Map<unknown, string>(
  [
    contract,
    accountContract,
    snippetContract,
    beaconContract,
    flagContract,
    erasureContract,
    sinkContract,
    verdictContract,
    pipelineContract,
  ].flatMap((schemas) => Object.entries(schemas).map(([name, schema]) => [schema, name] as const)),
);

/** Where the document stands in the repository. */
export const documentPath = join(import.meta.dirname, "..", "src", "admin", "openapi.json");

/** The OpenAPI 3.1 document as JSON text, with a new line at its end. */
export function openapiText(): string {
  const schemas = new Map<string, unknown>();
  const paths: Record<string, Record<string, unknown>> = {};
  for (const endpoint of endpoints) {
    paths[endpoint.path] ??= {};
    Object.assign(paths[endpoint.path] ?? {}, { [endpoint.method]: operation(endpoint, schemas) });
  }
  const document = {
    openapi: "3.1.0",
    info: {
      title: "Aviary control API",
      version: "1",
      description:
        "Publishes engines, beacons, snippets and datafiles, takes them back, and puts changes of their delivery behind flags. Errors are RFC 9457 problems.",
      license: { name: "MIT", identifier: "MIT" },
    },
    servers: [{ url: "/api/v1" }],
    security: [{ token: [] }],
    paths,
    components: {
      schemas: Object.fromEntries(schemas),
      securitySchemes: { token: { type: "http", scheme: "bearer" } },
      responses: {
        Problem: {
          description: "What is wrong, and with which field (RFC 9457)",
          content: { "application/problem+json": { schema: jsonSchema(contract.problemView) } },
        },
      },
    },
  };
  return `${JSON.stringify(document, null, 2)}\n`;
}

/** Schemas that operations refer to, by name. */
type Schemas = Map<string, unknown>;

function operation(endpoint: Endpoint, schemas: Schemas): Record<string, unknown> {
  const { summary, scope, body } = endpoint;
  return {
    summary,
    ...(scope === null ? { security: [] } : { description: `Needs the scope ${scope}.` }),
    parameters: parameters(endpoint),
    ...(body === undefined ? {} : { requestBody: requestBody(body, schemas) }),
    responses: responses(endpoint, schemas),
  };
}

function parameters({ path, query, headers = {} }: Endpoint): unknown[] {
  const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
    name,
    in: "path",
    required: true,
    schema: { type: "string" },
  }));
  const { properties = {}, required = [] } = query === undefined ? {} : jsonSchema(query);
  const inQuery = Object.entries(properties).map(([name, schema]) => ({
    name,
    in: "query",
    required: required.includes(name),
    schema,
  }));
  const inHeader = Object.entries(headers).map(([name, description]) => ({
    name,
    in: "header",
    description,
    schema: { type: "string" },
  }));
  return [...inPath, ...inQuery, ...inHeader];
}

function requestBody(
  body: NonNullable<Endpoint["body"]>,
  schemas: Schemas,
): Record<string, unknown> {
  const schema = body.schema === undefined ? {} : referTo(body.schema, schemas);
  return {
    required: true,
    description: `${body.description}; at most ${body.maxBytes} bytes.`,
    content: { [body.mediaType]: { schema } },
  };
}

function responses(endpoint: Endpoint, schemas: Schemas): Record<string, unknown> {
  const { refusals, scope } = endpoint;
  const problems = [...new Set([...(scope === null ? [] : [401, 403, 429]), ...refusals, 503])];
  const refused = problems.map((status) => [String(status), { $ref: problemResponse }]);
  return { ...successes(endpoint, schemas), ...Object.fromEntries(refused) };
}

function successes({ method, answer }: Endpoint, schemas: Schemas): Record<string, unknown> {
  if (answer === null) return { "204": { description: "Done" } };
  const content = { "application/json": { schema: referTo(answer, schemas) } };
  const done = { description: "Done", content };
  return method === "get"
    ? { "200": done }
    : { "200": done, "201": { ...done, description: "Created" } };
}

function referTo(schema: GenericSchema, schemas: Schemas): Record<string, unknown> {
  const name = names.get(schema);
  if (name === undefined) throw new Error("a schema of an endpoint is not exported by a contract");
  schemas.set(name, jsonSchema(schema));
  return { $ref: `#/components/schemas/${name}` };
}

// Transformations (trim, text to number) have no JSON Schema; what goes in has.
function jsonSchema(schema: GenericSchema): {
  properties?: Record<string, unknown>;
  required?: string[];
} {
  const { $schema: _, ...rest } = toJsonSchema(schema, { typeMode: "input", errorMode: "ignore" });
  return rest as ReturnType<typeof jsonSchema>;
}

if (import.meta.main) await writeFile(documentPath, openapiText());
