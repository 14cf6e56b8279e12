/** One look at the pressure. */
import { percentText } from "../host/figure_text.ts";
import { FactUnavailableError, type HostFacts } from "../host/host_facts.ts";
import { parsePressure } from "../host/pressure.ts";
import type { Finding } from "./check.ts";
import { KINDS, NAMES, type PsiSettings, RESOURCES } from "./psi.ts";
import { rateFigure } from "./rating.ts";

/** Those figures that the kernel tells. */
export async function look(settings: PsiSettings, host: HostFacts): Promise<Finding[]> {
  const texts = await Promise.all(RESOURCES.map((resource) => readPressure(host, resource)));
  const pressures = new Map(
    RESOURCES.map((resource, index) => [resource, parsePressure(texts[index] ?? "")]),
  );
  return NAMES.flatMap((name): Finding[] => {
    const { resource, share, figure } = KINDS[name];
    const line = pressures.get(resource)?.[share];
    if (line === undefined) return [];
    return [rateFigure({
      check: `psi::${name}`,
      target: resource,
      subject: figure,
      value: line.avg60,
      show: percentText,
      showThreshold: (value) => `${value} %`,
      detail: [line.avg10, line.avg60, line.avg300].map(percentText).join(", ") + " over 10, 60, 300 s",
    }, settings[name])];
  });
}

async function readPressure(host: HostFacts, resource: string): Promise<string> {
  try {
    return await host.text(`/proc/pressure/${resource}`);
  } catch (cause) {
    if (!(cause instanceof Deno.errors.NotFound)) throw cause;
    const message =
      "cannot read pressure: the kernel keeps no such figures; it needs Linux 4.20 and, on some " +
      "distributions, psi=1 on its command line";
    throw new FactUnavailableError(message, { cause });
  }
}
