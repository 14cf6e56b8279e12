import assert from "node:assert/strict";
import { defaultSettings } from "../../lib/config/default_settings.ts";
import { fileSchema } from "../../lib/config/file_schema.ts";

Deno.test("the default settings are what the schema makes of an empty file; else: deno task docs", () => {
  assert.deepEqual(defaultSettings(), fileSchema().parse({}));
});
