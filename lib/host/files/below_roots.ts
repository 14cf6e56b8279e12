/** Files that may be read because of where they lie. */
import { normalize, resolve } from "node:path";
import { FactUnavailableError } from "../host_facts.ts";
import { inspect, named, openRegular, type RegularFile } from "./regular_file.ts";

/** A path as it was asked for, and where it leads once all links are followed. */
export interface Resolved {
  readonly asked: string;
  readonly path: string;
}

/**
 * Follows all links of `path`, which must lead below one of `roots`, themselves resolved. A relative path is looked for
 * below each root. A path that begins elsewhere is refused without being looked at.
 * @throws FactUnavailableError for what lies elsewhere, and for what may not be read, `Deno.errors.NotFound`.
 */
export async function resolveBelow(path: string, roots: readonly string[]): Promise<Resolved> {
  if (path.includes("\0")) throw new RangeError("cannot read a path with a NUL in it");
  const candidates = path.startsWith("/") ? [normalize(path)] : roots.map((root) => resolve(root, path));
  const realRoots = await Promise.all(roots.map(realRoot));
  const folders = [...roots.map(normalize), ...realRoots];
  const asked = candidates.filter((candidate) => folders.some((folder) => isBelow(candidate, folder)));
  let missing: unknown;
  for (const candidate of asked) {
    try {
      const real = await named(candidate, () => Deno.realPath(candidate));
      for (const root of roots) {
        if (isBelow(real, await realRoot(root))) return { asked: candidate, path: real };
      }
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
      missing = error;
    }
  }
  if (missing !== undefined) throw missing;
  throw new FactUnavailableError(
    `cannot read ${path}: it does not lie below ${roots.join(", ") || "any folder that may be read"}; ` +
      "allow its folder with [remote] log_roots",
  );
}

/** Opens a regular file below one of `roots`; it is checked again once it is open. Throws as {@linkcode resolveBelow} does. */
export async function openBelow(path: string, roots: readonly string[]): Promise<RegularFile & Resolved> {
  const before = await resolveBelow(path, roots);
  const file = await openRegular(before.path);
  try {
    // Somebody may have put a link in the way of a folder between the two.
    const after = await resolveBelow(before.asked, roots);
    const { inode, device } = await inspect(after.path);
    if (after.path !== before.path || inode !== file.state.inode || device !== file.state.device) {
      throw new Error(`cannot read ${path}: it was exchanged while it was opened; try again`);
    }
  } catch (error) {
    await file[Symbol.asyncDispose]();
    throw error;
  }
  return { ...file, ...before };
}

/** Whether `path`, in its plain form, is `root` or lies in it. */
export function isBelow(path: string, root: string): boolean {
  const folder = root.length > 1 && root.endsWith("/") ? root.slice(0, -1) : root;
  return path === folder || path.startsWith(folder === "/" ? "/" : `${folder}/`);
}

async function realRoot(root: string): Promise<string> {
  return await Deno.realPath(root).catch(() => "/dev/null/none"); // a root that is not there holds nothing
}
