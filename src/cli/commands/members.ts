/**
 * `tributary members`, `invite` and `revoke`: who may take part, for those who run an aggregator.
 *
 * @module
 */
import { type Command, Option } from "commander";
import { MAX_MEMBERS_PAGE, MAX_TICKETS } from "../../wire/operator.ts";
import { wholeNumber } from "../arguments.ts";
import { operate, operatorCommand, type OperatorFlags } from "../operate.ts";
import type { Terminal } from "../terminal.ts";

/** Lists the roster, a line a member. */
export function membersCommand(terminal: Terminal): Command {
  return operatorCommand("members", "List the members of an aggregator, and those revoked").action(
    async (url: string, flags: OperatorFlags) => {
      const { peer, task, region } = await operate(url, flags);
      let after: string | undefined;
      for (;;) {
        const { members } = await peer.members(task, { region, ...(after && { after }) });
        for (const { id, kind, size, revoked } of members) {
          terminal.print(revoked ? `${id} revoked` : `${id} ${kind} ${size}`);
        }
        if (members.length < MAX_MEMBERS_PAGE) return;
        after = members.at(-1)?.id;
      }
    },
  );
}

interface InviteFlags extends OperatorFlags {
  readonly count: number;
  readonly kind: "client" | "region";
  readonly days: number;
}

/** Prints one-time tokens, a line each. */
export function inviteCommand(terminal: Terminal): Command {
  return operatorCommand("invite", "Issue one-time tokens; each lets one member in (--tickets)")
    .option("--count <n>", "how many", wholeNumber(1, MAX_TICKETS), 1)
    .addOption(
      new Option("--kind <kind>", "what their bearers may become").choices(["client", "region"])
        .default("client"),
    )
    .option("--days <n>", "days for which they are good", wholeNumber(1, 366), 7)
    .action(async (url: string, { count, kind, days, ...flags }: InviteFlags) => {
      const { peer, task, region } = await operate(url, flags);
      const seconds = days * 86_400;
      const { tickets } = await peer.issue(task, { region, count, kind, seconds });
      for (const ticket of tickets) terminal.print(ticket);
    });
}

interface RevokeFlags extends OperatorFlags {
  readonly release?: boolean;
  readonly restore?: boolean;
  readonly member: string;
}

/** Takes a member off the roster for good, or lets it come again. */
export function revokeCommand(terminal: Terminal): Command {
  return operatorCommand("revoke", "Take a member off the roster; it is heard no more")
    // No argument, as an id may begin with a dash.
    .requiredOption("--member <id>", "its id")
    .option("--release", "let another device come as the same person, as this one's key is lost")
    .addOption(
      new Option("--restore", "let one that was revoked enrol again").conflicts("release"),
    )
    .action(async (url: string, { member, ...flags }: RevokeFlags) => {
      const { peer, task, region } = await operate(url, flags);
      if (flags.restore) await peer.restore(task, { region, member });
      else await peer.revoke(task, { region, member, release: flags.release ?? false });
      terminal.print(flags.restore ? `${member} may enrol again` : `${member} is revoked`);
    });
}
