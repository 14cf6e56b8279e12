/** Questions to tools as steps, and the answers' figures. */
import type { Seen } from "./figures.ts";
import type { Question } from "./plays/play.ts";
import { readEvidence } from "./readings/all_readings.ts";
import type { Step } from "./steps.ts";
import type { ToolRunner } from "./tool_runner.ts";

/** Steps for what may be asked, and the names of what may not. */
export interface PlannedQuestions {
  readonly steps: Step<Seen>[];
  /** Tools that this host does not offer, each once. */
  readonly refused: string[];
}

/** The most figures of one answer: a host with a thousand mounts must not make a report of a thousand lines. */
const MAX_FIGURES = 500;

/** One step for each question to a tool that is offered. */
export function planQuestions(questions: readonly Question[], tools: ToolRunner): PlannedQuestions {
  const offered = new Set(tools.list().map(({ name }) => name));
  const isOffered = ({ tool }: Question) => offered.has(tool);
  return {
    steps: questions.filter(isOffered).map(({ tool, args = {}, why }) => ({
      name: tool,
      args,
      why,
      async run(signal) {
        const { text, data } = await tools.run(tool, args, signal);
        return {
          text,
          value: { observations: [], evidence: readEvidence(tool, data).slice(0, MAX_FIGURES) },
        };
      },
    })),
    refused: [...new Set(questions.filter((question) => !isOffered(question)).map(({ tool }) => tool))],
  };
}
