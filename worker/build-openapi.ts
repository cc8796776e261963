// Writes worker/src/admin/openapi.json from the schemas that the control API
// checks with. Run by `npm run openapi`, and before every deploy.
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { toJsonSchema } from "@valibot/to-json-schema";
import type { GenericSchema } from "valibot";
import { problemView } from "#src/admin/contract.ts";
import { endpoints, type Endpoint } from "#src/admin/endpoints.ts";

const problemResponse = "#/components/responses/Problem";

/** Where the document stands in the repository. */
export const documentPath = join(import.meta.dirname, "src", "admin", "openapi.json");

/** The OpenAPI 3.1 document as JSON text, with a new line at its end. */
export function openapiText(): string {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const endpoint of endpoints) {
    paths[endpoint.path] ??= {};
    Object.assign(paths[endpoint.path] ?? {}, { [endpoint.method]: operation(endpoint) });
  }
  const document = {
    openapi: "3.1.0",
    info: {
      title: "Aviary control API",
      version: "1",
      description: "Publishes engines, snippets and datafiles. Errors are RFC 9457 problems.",
      license: { name: "MIT", identifier: "MIT" },
    },
    servers: [{ url: "/api/v1" }],
    security: [{ token: [] }],
    paths,
    components: {
      securitySchemes: { token: { type: "http", scheme: "bearer" } },
      responses: {
        Problem: {
          description: "What is wrong, and with which field (RFC 9457)",
          content: { "application/problem+json": { schema: jsonSchema(problemView) } },
        },
      },
    },
  };
  return `${JSON.stringify(document, null, 2)}\n`;
}

function operation(endpoint: Endpoint): Record<string, unknown> {
  const { summary, scope, body } = endpoint;
  return {
    summary,
    ...(scope === null ? { security: [] } : { description: `Needs the scope ${scope}.` }),
    parameters: parameters(endpoint),
    ...(body === undefined ? {} : { requestBody: requestBody(body) }),
    responses: responses(endpoint),
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

function requestBody(body: NonNullable<Endpoint["body"]>): Record<string, unknown> {
  const schema = body.schema === undefined ? {} : jsonSchema(body.schema);
  return {
    required: true,
    description: `${body.description}; at most ${body.maxBytes} bytes.`,
    content: { [body.mediaType]: { schema } },
  };
}

function responses({ method, answer, refusals, scope }: Endpoint): Record<string, unknown> {
  const problems = [...(scope === null ? [] : [401, 403]), ...refusals, 503];
  const refused = problems.map((status) => [String(status), { $ref: problemResponse }]);
  return { ...successes(method, answer), ...Object.fromEntries(refused) };
}

function successes(method: string, answer: GenericSchema | null): Record<string, unknown> {
  if (answer === null) return { "204": { description: "Done" } };
  const content = { "application/json": { schema: jsonSchema(answer) } };
  const done = { description: "Done", content };
  return method === "get"
    ? { "200": done }
    : { "200": done, "201": { ...done, description: "Created" } };
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
