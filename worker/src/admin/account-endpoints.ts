// The control API's endpoints about accounts, for its OpenAPI document.
import * as contract from "./account-contract.ts";
import { limits, reasonQuery } from "./contract.ts";
import type { Endpoint } from "./endpoint.ts";

export const accountEndpoints: readonly Endpoint[] = [
  {
    method: "get",
    path: "/accounts",
    summary: "All accounts by name, deleted ones too",
    scope: "read",
    query: contract.accountsQuery,
    answer: contract.accountList,
    refusals: [400],
  },
  {
    method: "get",
    path: "/accounts/{account}",
    summary: "An account, what it has, and what it may have",
    scope: "read",
    answer: contract.accountView,
    refusals: [400, 404],
  },
  {
    method: "put",
    path: "/accounts/{account}/quotas",
    summary: "What an account may have; what is left out stays, null goes back to what is usual",
    scope: "admin",
    query: reasonQuery,
    body: {
      mediaType: "application/json",
      description: "Quotas by name",
      maxBytes: limits.json,
      schema: contract.quotasBody,
    },
    answer: contract.accountView,
    refusals: [400, 404, 413, 422],
  },
  {
    method: "delete",
    path: "/accounts/{account}",
    summary: "Delete an account with all its ids, and revoke its tokens; idempotent",
    scope: "admin",
    query: reasonQuery,
    answer: contract.accountDeleted,
    refusals: [400, 404],
  },
  {
    method: "post",
    path: "/accounts/{account}/restore",
    summary: "Let a deleted account publish again; its ids stay deleted",
    scope: "admin",
    query: reasonQuery,
    answer: contract.accountView,
    refusals: [400, 404],
  },
];
