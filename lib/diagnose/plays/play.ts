/** What a play is: which tools are asked about one subject, and what is asked next. */
import type { EvidenceSet } from "../evidence.ts";

/** One question to one tool. */
export interface Question {
  readonly tool: string;
  readonly args?: Readonly<Record<string, unknown>>;
  /** Why it is asked: one short sentence. */
  readonly why: string;
}

/** What a play may look at. */
export interface PlaySubject {
  /** `localhost`, a mount point, an address: whatever the operator or the alert named. */
  readonly target: string;
  /** Whether the target is this host as a whole. */
  readonly wholeHost: boolean;
}

/** The questions for one plugin. */
export interface Play {
  /** The plugins it answers for. */
  readonly plugins: readonly string[];
  /** Whether a target that is not this host as a whole means something to its tools. @default no */
  readonly takesTarget?: (target: string) => boolean;
  /** What is asked first; side by side. */
  readonly ask: (subject: PlaySubject) => readonly Question[];
  /** What is asked once the first answers are there: about those who stand out. */
  readonly follow?: (evidence: EvidenceSet, subject: PlaySubject) => readonly Question[];
}
