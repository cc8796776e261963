// npm run licences: writes docs/licences.md.
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { licencesText } from "./production-packages.ts";

await writeFile(join(import.meta.dirname, "..", "docs", "licences.md"), await licencesText());
