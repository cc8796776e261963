// Writes docs/README.md, the index of docs/: every page by its title, every decision record
// by its date and status. Run by `npm run docs:index`.
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const docs = join(import.meta.dirname, "..", "..", "docs");

/** Where the index stands in the repository. */
export const indexPath = join(docs, "README.md");

/** The index, with a new line at its end. */
export function indexText(): string {
  return `# Documentation

This page is made from the pages that it lists by \`npm run docs:index\`.

${pages("").map(entry).join("\n")}

## Operations

${pages("operations").map(entry).join("\n")}

## Decision records

Each says what was decided, what else was tried and what was measured.

${pages("decisions").map(entry).join("\n")}
`;
}

function pages(folder: string): readonly string[] {
  return readdirSync(join(docs, folder))
    .filter((name) => name.endsWith(".md") && name !== "README.md")
    .toSorted()
    .map((name) => (folder === "" ? name : `${folder}/${name}`));
}

function entry(page: string): string {
  const text = readFileSync(join(docs, page), "utf8");
  const title = /^# (.+)$/m.exec(text)?.[1];
  if (title === undefined) throw new Error(`docs/${page}: has no title`);
  const status = /^\*\*Status\.\*\* (.+)$/m.exec(text)?.[1];
  return `- [${title}](${page})${status === undefined ? "" : `: ${status}`}`;
}

if (import.meta.main) writeFileSync(indexPath, indexText());
