/** From a request to what is looked at. */
import { nearestName } from "../tools/suggest.ts";
import type { Check } from "../checks/check.ts";
import type { DiagnoseRequest } from "../sessions/runners.ts";
import { pluginsOf } from "./figures.ts";
import { ALL_PLAYS, playFor } from "./plays/all_plays.ts";
import type { Play, PlaySubject } from "./plays/play.ts";
import { alertSubject } from "./request_text.ts";
import { inlineText } from "./untrusted_text.ts";

/** Asks for every check and every resource. */
const WHOLE_SYSTEM = "system";

/** What there is to choose from. */
export interface Choice {
  checks: readonly Check[];
  /** Without tools, only checks can look. */
  hasTools: boolean;
  /** The names and addresses of this host, as far as they are known. */
  self: readonly (string | undefined)[];
}

/** What is looked at. */
export interface ChosenSubject {
  /** The one that was asked for, or that the alert names. */
  readonly plugin: string;
  readonly checks: readonly Check[];
  readonly play: Play | undefined;
  readonly subject: PlaySubject;
  /** What the reader of the report has to know. Markdown. */
  readonly notes: readonly string[];
}

/** @throws Error for an inspection of a plugin that is neither a check nor has a play. */
export function chooseSubject(request: DiagnoseRequest, { checks, hasTools, self }: Choice): ChosenSubject {
  const notes: string[] = [];
  const isKnown = (name: string) =>
    checks.some((check) => check.plugin === name) || (hasTools && playFor(name) !== undefined);
  let { plugin, target } = request;
  const ofAlert = request.mode === "alert" ? alertSubject(request) : undefined;
  if (
    ofAlert !== undefined && (plugin === WHOLE_SYSTEM || plugin === ofAlert.plugin) && isKnown(ofAlert.plugin)
  ) {
    if (plugin === WHOLE_SYSTEM) {
      notes.push(`The alert is about ${inlineText(ofAlert.plugin)}: that was looked at.`);
    }
    plugin = ofAlert.plugin;
    if (isThisHost(target, self) && ofAlert.target !== undefined) target = ofAlert.target;
  }
  if (plugin !== WHOLE_SYSTEM && !isKnown(plugin)) {
    if (request.mode === "inspect") throw unknown(plugin, checks, hasTools);
    notes.push(`There is no check named ${inlineText(plugin)} on this host: all checks were run instead.`);
    return { plugin, checks, play: toolPlay(WHOLE_SYSTEM, hasTools), subject: HOST, notes };
  }
  const asked = plugin === WHOLE_SYSTEM ? checks : checks.filter((check) => check.plugin === plugin);
  const play = toolPlay(plugin, hasTools);
  // An alert's target may be what one check looks at, a mount point for instance.
  const aimed = asked.filter((check) => check.target === target);
  if (aimed.length > 0) return { plugin, checks: aimed, play, subject: { target, wholeHost: false }, notes };
  if (isThisHost(target, self)) return { plugin, checks: asked, play, subject: HOST, notes };
  const reaches = play?.takesTarget?.(target) ?? false;
  if (!reaches) {
    notes.push(`The target ${inlineText(target)} was not reached: every figure here is this host's own.`);
  }
  return { plugin, checks: asked, play, subject: reaches ? { target, wholeHost: false } : HOST, notes };
}

const HOST: PlaySubject = { target: "localhost", wholeHost: true };

function toolPlay(plugin: string, hasTools: boolean): Play | undefined {
  return hasTools ? playFor(plugin) : undefined;
}

/** Nobody knows what is to be looked at. */
export class UnknownSubjectError extends Error {
  override readonly name = "UnknownSubjectError";
}

function unknown(plugin: string, checks: readonly Check[], hasTools: boolean): UnknownSubjectError {
  const played = hasTools ? ALL_PLAYS.flatMap(({ plugins }) => plugins) : [];
  const names = [...new Set([WHOLE_SYSTEM, ...pluginsOf(checks), ...played])];
  const nearest = nearestName(plugin, names);
  const hint = nearest === undefined ? "" : `did you mean ${nearest}? `;
  return new UnknownSubjectError(
    `cannot inspect ${plugin}: there is no such check here; ${hint}known are ${names.join(", ")}`,
  );
}

function isThisHost(target: string, self: readonly (string | undefined)[]): boolean {
  const wanted = target.toLowerCase();
  return ["", "localhost", "127.0.0.1", "::1"].includes(wanted) ||
    self.some((name) => name?.toLowerCase() === wanted);
}
